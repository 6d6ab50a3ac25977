// Handlers for the tests of the event loop, which count their calls.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "sluice/net/event_loop.h"

namespace sluice::net::testing {

struct TestTask final : EventLoop::Task {
  explicit TestTask(std::function<void()> f = {}) : function(std::move(f)) {}
  void RunTask() override {
    ++runs;
    if (function) function();
  }
  std::function<void()> function;
  int runs = 0;
};

struct TestTimer final : TimerHandler {
  TestTimer(EventLoop& loop, std::function<void()> f = {})
      : function(std::move(f)), timer(loop, *this) {}
  void OnTimer() override {
    ++fired;
    if (function) function();
  }
  std::function<void()> function;
  int fired = 0;
  Timer timer;
};

struct TestWatch final : FdHandler {
  TestWatch(EventLoop& loop, int fd, bool to_read, bool to_write)
      : watch(std::make_unique<FdWatch>(loop, fd, to_read, to_write, *this)) {}
  void OnFdReady(int fd, bool readable, bool writable) override {
    ++calls;
    last_fd = fd;
    was_readable = readable;
    was_writable = writable;
    if (function) function();
  }
  std::function<void()> function;
  int calls = 0;
  int last_fd = -1;
  bool was_readable = false;
  bool was_writable = false;
  std::unique_ptr<FdWatch> watch;
};

}  // namespace sluice::net::testing
