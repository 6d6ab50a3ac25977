// The timers of a loop: a binary heap in which each timer stores its place, and one timerfd, a
// libevent event, that is set for the earliest timer. A libevent timer costs a session more than
// 150 bytes, a timer in the heap 40. And while libevent has a timer, the kernel starts and cancels
// a time-out around each wait (docs/performance.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/net/io_event.h"

namespace sluice::net {

/// Belongs to its loop and the loop's thread.
class TimerQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit TimerQueue(event_base* base);

  /// Sets `timer` to `at`, replacing an earlier time.
  void Start(Timer& timer, Time at);
  void Stop(Timer& timer);

 private:
  struct Entry {
    Time at;
    Timer* timer;
  };

  void OnEvent();
  void Arm();
  void Place(size_t place, Entry entry);
  void SiftUp(size_t place, Entry entry);
  void SiftDown(size_t place, Entry entry);

  Fd fd_;
  IoEvent event_;
  Time armed_for_ = Time::max();  // The time of fd_; not after the earliest timer.
  std::vector<Entry> heap_;
};

}  // namespace sluice::net
