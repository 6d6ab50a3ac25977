// A value that one thread replaces while others use it: certificates, users, tokens that were read
// anew. Whoever took it keeps the one it took.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace sluice::base {

/// Holds an immutable `T`; never null once it was given one. Thread-safe. Get() is meant for once a
/// request, not for once a message.
///
/// A lock, not std::atomic<std::shared_ptr>: that of GCC 12 is one inside as well, and one that
/// ThreadSanitizer finds races in.
template <typename T>
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  std::shared_ptr<const T> Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void Set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);  // The old one goes when the lock has been let go.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace sluice::base
