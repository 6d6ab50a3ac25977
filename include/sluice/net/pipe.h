// Kernel pipes, through which bytes go from one socket to another without being copied (splice(2)).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sluice/net/fd.h"

namespace sluice::net {

class PipePool;

/// A pipe that does not block, and the number of bytes that it holds.
class Pipe {
 public:
  /// What one pipe is asked to hold, in bytes; the kernel may grant less.
  static constexpr size_t kCapacity = 1024 * 1024;

  /// Null if there are no descriptors left.
  static std::unique_ptr<Pipe> Open();

  int read_end() const { return read_end_.get(); }
  int write_end() const { return write_end_.get(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void Added(size_t bytes) { size_ += bytes; }
  void Taken(size_t bytes) { size_ -= bytes; }

 private:
  friend class PipePool;
  Pipe() = default;

  PipePool* pool_ = nullptr;  // That has lent it.

  Fd read_end_;
  Fd write_end_;
  size_t size_ = 0;
};

/// Lends pipes, since a pipe costs several system calls to create. Belongs to one thread, and
/// outlives what it has lent.
class PipePool {
 public:
  /// The number of pipes that exist at a time. A session that gets none copies instead: each costs
  /// two descriptors, and the kernel grants a user only some dozens of full capacity.
  static constexpr size_t kMost = 32;

  /// Takes a pipe back. One that still holds something is closed.
  struct Return {
    void operator()(Pipe* pipe) const { PipePool::GiveBack(std::unique_ptr<Pipe>(pipe)); }
  };
  using Lent = std::unique_ptr<Pipe, Return>;

  /// An empty pipe, or null.
  Lent Take();

 private:
  static void GiveBack(std::unique_ptr<Pipe> pipe);

  std::vector<std::unique_ptr<Pipe>> idle_;
  size_t count_ = 0;  // Idle and lent.
};

}  // namespace sluice::net
