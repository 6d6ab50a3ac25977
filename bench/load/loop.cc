#include "load/loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

constexpr size_t kScratchSize = size_t{256} * 1024;

void Control(int epoll, int operation, int fd, uint32_t events, void* what) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  if (epoll_ctl(epoll, operation, fd, &event) == 0) return;
  std::perror("epoll_ctl");
  std::exit(1);
}

}  // namespace

int64_t NowNs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Loop::Loop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      prompt_epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      scratch_(kScratchSize) {
  Control(epoll_, EPOLL_CTL_ADD, wake_, EPOLLIN, nullptr);
  Control(epoll_, EPOLL_CTL_ADD, prompt_epoll_, EPOLLIN, &prompt_epoll_);
}

void Loop::Add(int fd, uint32_t events, Handler& handler) {
  Control(epoll_, EPOLL_CTL_ADD, fd, events, &handler);
}

void Loop::Modify(int fd, uint32_t events, Handler& handler) {
  Control(handler.is_prompt_ ? prompt_epoll_ : epoll_, EPOLL_CTL_MOD, fd, events, &handler);
}

void Loop::MakePrompt(int fd, uint32_t events, Handler& handler) {
  Control(epoll_, EPOLL_CTL_DEL, fd, 0, nullptr);
  Control(prompt_epoll_, EPOLL_CTL_ADD, fd, events, &handler);
  handler.is_prompt_ = true;
  ++prompt_count_;
}

void Loop::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    has_posted_ = true;
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

void Loop::SetTimer(int64_t time, std::function<void()> task) {
  timer_time_ = time;
  timer_ = std::move(task);
}

void Loop::Run() {
  stopped_ = false;
  while (!stopped_) {
    int timeout_ms = -1;
    if (timer_) {
      const int64_t left = std::max<int64_t>(timer_time_ - NowNs(), 0);
      timeout_ms = static_cast<int>((left + 999'999) / 1'000'000);
    }
    const int count = epoll_wait(epoll_, events_.data(), kEventsPerTurn, timeout_ms);
    turn_time_ = NowNs();
    // First, so that a cause which one thread has told is known before its effects on the sockets.
    if (has_posted_) RunPosted();
    if (timer_ && turn_time_ >= timer_time_) std::exchange(timer_, nullptr)();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<size_t>(i)];
      if (event.data.ptr == nullptr) {
        uint64_t wakes;
        [[maybe_unused]] const ssize_t got = read(wake_, &wakes, sizeof(wakes));
        RunPosted();  // What was posted since the start of this turn has no other wake.
      } else if (event.data.ptr != &prompt_epoll_) {
        static_cast<Handler*>(event.data.ptr)->OnReady(event.events);
      }
      if (prompt_count_ > 0) RunPrompt();
    }
    dying_.clear();
  }
}

void Loop::RunPrompt() {
  std::array<epoll_event, 4> events;
  const int count = epoll_wait(prompt_epoll_, events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    static_cast<Handler*>(event.data.ptr)->OnReady(event.events);
  }
}

void Loop::RunPosted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
    has_posted_ = false;
  }
  for (const auto& task : tasks) task();
}

}  // namespace sluice::bench
