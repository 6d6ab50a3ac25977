#include "sluice/net/background_thread.h"

#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "sluice/net/event_loop.h"

namespace sluice::net {
namespace {

constexpr int kBackgroundNice = 10;

}  // namespace

BackgroundThread::~BackgroundThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool BackgroundThread::Run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  if (!thread_.joinable()) {
    const SignalBlock block;  // For the thread that is started here.
    thread_ = std::thread([this] { RunWaiting(); });
  }
  return true;
}

void BackgroundThread::RunWaiting() {
  // On Linux each thread has a nice value of its own. A failure only leaves the priority as it is.
  [[maybe_unused]] const int result =
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kBackgroundNice);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
    if (is_ending_) return;
    const auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace sluice::net
