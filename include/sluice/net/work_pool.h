// A thread for what would hold up an event loop: the hash of a password takes longer than a
// thousand messages.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sluice::net {

/// The thread begins with the first piece of work and runs at a lower priority than the loops.
/// Belongs to one thread; destroying it waits for the piece under way and drops the others.
class WorkPool {
 public:
  /// Pieces of work that may wait.
  static constexpr size_t kMostWaiting = 64;

  WorkPool() = default;
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// Runs `work` on the thread, in order. False if too many are waiting already.
  [[nodiscard]] bool Run(std::function<void()> work);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace sluice::net
