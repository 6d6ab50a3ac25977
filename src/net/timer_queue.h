// The timers of a loop: a binary heap in which each timer knows its place, behind one timerfd that
// is set for the earliest. A timer of libevent's would cost a session more than 150 bytes where
// this one costs 40, and a loop with such a timer sleeps with a time-out, which the kernel has to
// start and to cancel around every single sleep.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"

namespace sluice::net {

/// Belongs to its loop and the loop's thread.
class TimerQueue final : private FdHandler {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit TimerQueue(EventLoop& loop);

  /// `timer` is due at `at`, and at no other time that it was due before.
  void Start(Timer& timer, Time at);
  void Stop(Timer& timer);

 private:
  struct Entry {
    Time at;
    Timer* timer;
  };

  void OnFdReady(int fd, bool readable, bool writable) override;
  void Arm();
  void Place(size_t place, Entry entry);
  void SiftUp(size_t place, Entry entry);
  void SiftDown(size_t place, Entry entry);

  Fd fd_;
  FdWatch watch_;
  Time armed_for_ = Time::max();  // When fd_ fires; not later than the earliest timer is due.
  std::vector<Entry> heap_;
};

}  // namespace sluice::net
