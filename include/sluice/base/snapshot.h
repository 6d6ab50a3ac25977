// A value that one thread replaces while others use it: certificates, users, tokens that were read
// anew. Whoever took it keeps the one it took.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace sluice::base {

/// Holds an immutable `T`; never null once it was given one. Thread-safe. Get() is meant for once a
/// request, not for once a message.
template <typename T>
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  std::shared_ptr<const T> Get() const { return value_.load(std::memory_order_acquire); }
  void Set(std::shared_ptr<const T> value) {
    value_.store(std::move(value), std::memory_order_release);
  }

 private:
  std::atomic<std::shared_ptr<const T>> value_;
};

}  // namespace sluice::base
