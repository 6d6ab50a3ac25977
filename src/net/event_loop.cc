#include "sluice/net/event_loop.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <event2/event.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "net/poller.h"
#include "net/timer_queue.h"

namespace sluice::net {
namespace {

// Long delays end on ticks, so that the pings of thousands of idle sessions go out many at a time
// and the loop is woken that much less often.
constexpr base::Duration kCoarseDelay{1'000};
constexpr std::chrono::nanoseconds kTick = std::chrono::milliseconds(50);

// Without memory or descriptors for the loop itself there is nothing to go on with.
[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

event_base* NewBase() {
  event_config* const config = event_config_new();
  if (config == nullptr) Die("event_config_new");
  // Each loop is used by one thread, so libevent's locks would be for nothing.
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_require_features(config, EV_FEATURE_O1);
  event_base* const base = event_base_new_with_config(config);
  event_config_free(config);
  if (base == nullptr) Die("event_base_new_with_config");
  return base;
}

}  // namespace

void EventDeleter::operator()(event* e) const {
  event_free(e);
}

void EventLoop::BaseDeleter::operator()(event_base* base) const {
  event_base_free(base);
}

EventLoop::Task::~Task() {
  if (queued_on_ != nullptr) queued_on_->tasks_[place_] = nullptr;
}

EventLoop::EventLoop()
    : poller_(std::make_unique<Poller>()),
      timers_(std::make_unique<TimerQueue>(*this)),
      wakeup_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      wakeup_watch_(*this, wakeup_.get(), /*to_read=*/true, /*to_write=*/false, *this) {
  if (!wakeup_watch_.ok()) Die("eventfd");
}

EventLoop::~EventLoop() {
  // What was posted and not run, and what is buried, may own tasks and timers of this loop.
  posted_.clear();
  while (!graveyard_.empty()) DestroyDead(graveyard_.size());
  for (Task* task : tasks_) {
    if (task != nullptr) task->queued_on_ = nullptr;
  }
}

event_base* EventLoop::base() {
  if (base_) return base_.get();
  base_.reset(NewBase());
  poller_event_.reset(event_new(
      base_.get(), poller_->fd(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* poller) {
        static_cast<Poller*>(poller)->Wait(/*may_sleep=*/false);
      },
      poller_.get()));
  if (!poller_event_ || event_add(poller_event_.get(), nullptr) != 0) Die("event_new");
  return base_.get();
}

void EventLoop::Run() {
  for (stopped_ = false; !stopped_;) RunTurn();
}

void EventLoop::Stop() {
  Post([this] { stopped_ = true; });
}

void EventLoop::Post(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(function));
  const uint64_t one = 1;
  // Can only fail when the counter is full, and then the loop is about to wake anyway.
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof(one));
}

// Something was posted.
void EventLoop::OnFdReady(int /*fd*/, bool /*readable*/, bool /*writable*/) {
  uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wakeup_.get(), &count, sizeof(count));
  std::vector<std::function<void()>> functions;
  {
    const std::lock_guard lock(mutex_);
    functions.swap(posted_);
  }
  for (auto& function : functions) function();
}

void EventLoop::RunNextTurn(Task& task) {
  if (task.queued_on_ != nullptr) return;
  task.queued_on_ = this;
  task.place_ = tasks_.size();
  tasks_.push_back(&task);
}

void EventLoop::Bury(Dead dead) {
  graveyard_.push_back(dead);
}

void EventLoop::DestroyDead(size_t count) {
  // Those that the dying bury come behind, and stay.
  for (size_t i = 0; i < count; ++i) {
    const Dead dead = graveyard_[i];
    dead.destroy(dead.object);
  }
  graveyard_.erase(graveyard_.begin(), graveyard_.begin() + static_cast<ptrdiff_t>(count));
}

void EventLoop::RunTurn() {
  // What is queued from here on belongs to the next turn.
  const size_t tasks = tasks_.size();
  const size_t buried = graveyard_.size();
  const bool may_sleep = tasks == 0 && buried == 0;
  if (base_) {
    // Once in any case: EVLOOP_NONBLOCK alone goes on for as long as there is something to tell.
    event_base_loop(base_.get(), may_sleep ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
  } else {
    poller_->Wait(may_sleep);
  }
  if (tasks != 0) RunTasks(tasks);
  if (buried != 0) DestroyDead(buried);
}

// The first `count`. The vector stays in place while it is walked, since a task may cancel others
// of it.
void EventLoop::RunTasks(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    Task* const task = tasks_[i];
    if (task == nullptr) continue;
    task->queued_on_ = nullptr;
    tasks_[i] = nullptr;
    task->RunTask();
  }
  tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<ptrdiff_t>(count));
  for (size_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i] != nullptr) tasks_[i]->place_ = i;
  }
}

base::TimePoint EventLoop::Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return base::TimePoint(std::chrono::duration_cast<base::Duration>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)));
}

FdWatch::FdWatch(EventLoop& loop, int fd, bool to_read, bool to_write, FdHandler& handler)
    : poller_(loop.poller()), handler_(handler), fd_(fd) {
  ok_ = poller_.Add(fd, (to_read ? uint32_t{EPOLLIN} : 0) | (to_write ? uint32_t{EPOLLOUT} : 0),
                    *this);
}

FdWatch::~FdWatch() {
  if (ok_) poller_.Remove(fd_, *this);
}

void FdWatch::OnReady(uint32_t events) {
  constexpr uint32_t kBroken = EPOLLHUP | EPOLLERR;
  handler_.OnFdReady(fd_, (events & (EPOLLIN | kBroken)) != 0,
                     (events & (EPOLLOUT | kBroken)) != 0);
}

void Timer::Start(base::Duration delay) {
  auto at = std::chrono::steady_clock::now() + delay;
  if (delay >= kCoarseDelay) {
    const auto since_epoch = at.time_since_epoch();
    at += kTick - since_epoch % kTick;
  }
  queue_.Start(*this, at);
}

void Timer::Stop() {
  queue_.Stop(*this);
}

SignalBlock::SignalBlock() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &previous_);
}

void SignalBlock::ForGood() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

SignalBlock::~SignalBlock() {
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

SignalWatch::SignalWatch(EventLoop& loop, int signal, std::function<void()> callback)
    : callback_(std::make_unique<std::function<void()>>(std::move(callback))),
      event_(evsignal_new(
          loop.base(), signal,
          [](evutil_socket_t, short, void* function) {
            (*static_cast<std::function<void()>*>(function))();
          },
          callback_.get())) {
  if (!event_ || evsignal_add(event_.get(), nullptr) != 0) Die("evsignal_new");
}

}  // namespace sluice::net
