// Runs work that would block an event loop for too long: to hash a password takes longer than to
// relay a thousand messages.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sluice::net {

/// One thread with a lower priority than the loops. It starts with the first piece of work. Belongs
/// to the thread that created it. Destroying it waits for the running piece and drops the waiting
/// pieces.
class BackgroundThread {
 public:
  /// The number of pieces of work that may wait.
  static constexpr size_t kMostWaiting = 64;

  BackgroundThread() = default;
  ~BackgroundThread();
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  /// Runs `work` on the thread, in order. Returns false if too many pieces wait already.
  [[nodiscard]] bool Run(std::function<void()> work);

 private:
  void RunWaiting();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace sluice::net
