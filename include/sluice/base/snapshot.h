// A value that one thread replaces while others use it: reloaded certificates, users, tokens. A
// thread that has got the old value keeps it as long as it holds the pointer.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace sluice::base {

/// Holds an immutable `T`; never null after it was given one. Thread-safe. Get() is meant for once
/// in a request, not for once in a message.
///
/// Uses a lock, not std::atomic<std::shared_ptr>: in GCC 12 that uses a lock as well, in which
/// ThreadSanitizer finds races.
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
    value_.swap(value);  // The old value is destroyed after the unlock.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace sluice::base
