// Drives a real event loop from a test: until something has come about, or for a number of turns.
// Nothing sleeps: a condition is looked at again every millisecond, and a deadline makes a test
// that would wait for ever fail.
#pragma once

#include <chrono>
#include <functional>

#include "sluice/net/event_loop.h"

namespace sluice::net::testing {

inline constexpr std::chrono::seconds kDeadline{10};

/// Runs `loop` until `done` says so. False if that took longer than the deadline.
inline bool RunUntil(EventLoop& loop, const std::function<bool()>& done,
                     base::Duration deadline = kDeadline) {
  struct Poll final : TimerHandler {
    Poll(EventLoop& l, const std::function<bool()>& d, base::Duration limit)
        : loop(l), done(d), until(EventLoop::Now() + limit), timer(l, *this) {
      timer.Start(base::Duration(0));
    }
    void OnTimer() override {
      met = done();
      if (met || EventLoop::Now() > until) {
        loop.Stop();
      } else {
        timer.Start(base::Duration(1));
      }
    }
    EventLoop& loop;
    const std::function<bool()>& done;
    const base::TimePoint until;
    bool met = false;
    Timer timer;
  };
  if (done()) return true;
  Poll poll(loop, done, deadline);
  loop.Run();
  return poll.met;
}

/// Runs `loop` for at least `count` turns.
inline void RunTurns(EventLoop& loop, int count) {
  struct Turns final : EventLoop::Task {
    Turns(EventLoop& l, int c) : loop(l), left(c) { loop.RunNextTurn(*this); }
    void RunTask() override {
      if (--left > 0) {
        loop.RunNextTurn(*this);
      } else {
        loop.Stop();
      }
    }
    EventLoop& loop;
    int left;
  };
  Turns turns(loop, count);
  loop.Run();
}

}  // namespace sluice::net::testing
