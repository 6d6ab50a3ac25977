#include "sluice/net/event_loop.h"

#include <cstdint>
#include <utility>

#include <event2/event.h>
#include <sys/eventfd.h>
#include <time.h>

#include "net/block_cache.h"
#include "net/event_base.h"
#include "net/timer_queue.h"

namespace sluice::net {
namespace {

// Long delays end on ticks, so that the pings of thousands of idle sessions are sent together and
// the loop wakes less often.
constexpr base::Duration kCoarseDelay{1'000};
constexpr std::chrono::nanoseconds kTick = std::chrono::milliseconds(50);

/// Trims the thread's cache of blocks while blocks are idle. An idle loop has no timer.
class BlockTrimmer final : private IdleBlocksHandler, private TimerHandler {
 public:
  explicit BlockTrimmer(EventLoop& loop) : timer_(loop, *this) {
    BlockCache::OfThread().SetHandler(this);
  }
  ~BlockTrimmer() { BlockCache::OfThread().SetHandler(nullptr); }
  BlockTrimmer(const BlockTrimmer&) = delete;
  BlockTrimmer& operator=(const BlockTrimmer&) = delete;

 private:
  static constexpr base::Duration kTrimInterval{1'000};

  void OnIdleBlocks() override { timer_.Start(kTrimInterval); }

  void OnTimer() override { BlockCache::OfThread().Trim(); }

  Timer timer_;
};

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
    : base_(NewBase()),
      timers_(std::make_unique<TimerQueue>(base_.get())),
      wakeup_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      wakeup_event_(
          base_.get(), wakeup_.get(), IoEvent::kReadable,
          [](int, short, void* self) { static_cast<EventLoop*>(self)->OnWakeup(); }, this),
      next_turn_(evtimer_new(
          base_.get(),
          [](evutil_socket_t, short, void* self) { static_cast<EventLoop*>(self)->OnNextTurn(); },
          this)) {
  if (!wakeup_event_.Start()) Die("eventfd");
  if (!next_turn_) Die("evtimer_new");
}

EventLoop::~EventLoop() {
  // Posted functions and objects whose deletion is deferred may own tasks and timers of this loop.
  posted_.clear();
  while (!deferred_deletions_.empty()) DeleteDeferred(deferred_deletions_.size());
  for (Task* task : tasks_) {
    if (task != nullptr) task->queued_on_ = nullptr;
  }
}

void EventLoop::Run() {
  const BlockTrimmer trimmer(*this);
  event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY);
}

void EventLoop::Stop() {
  Post([this] { event_base_loopbreak(base_.get()); });
}

void EventLoop::Post(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(function));
  const uint64_t one = 1;
  // This can only fail if the counter is full, and then the loop is about to wake anyway.
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof(one));
}

void EventLoop::OnWakeup() {
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
  ScheduleNextTurn();
}

void EventLoop::DeferDeletion(DeferredDeletion deletion) {
  deferred_deletions_.push_back(deletion);
  ScheduleNextTurn();
}

// A timer without delay is due in the next turn, after the I/O of that turn. An event that is
// activated by hand would run in this turn, so a task that queues itself again would never end it.
void EventLoop::ScheduleNextTurn() {
  if (is_next_turn_scheduled_) return;
  is_next_turn_scheduled_ = true;
  const timeval no_delay{};
  if (evtimer_add(next_turn_.get(), &no_delay) != 0) Die("evtimer_add");
}

void EventLoop::OnNextTurn() {
  is_next_turn_scheduled_ = false;
  // Tasks and deletions that are added from here on belong to the next turn.
  const size_t deletions = deferred_deletions_.size();
  RunTasks(tasks_.size());
  DeleteDeferred(deletions);
}

void EventLoop::DeleteDeferred(size_t count) {
  // An object may defer the deletion of others while it is destroyed.
  for (size_t i = 0; i < count; ++i) {
    const DeferredDeletion deletion = deferred_deletions_[i];
    deletion.destroy(deletion.object);
  }
  deferred_deletions_.erase(deferred_deletions_.begin(),
                            deferred_deletions_.begin() + static_cast<ptrdiff_t>(count));
}

// Runs the first `count` tasks. The vector stays in place, because a task may cancel other tasks.
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
    : handler_(handler),
      event_(loop.base(), fd,
             static_cast<short>((to_read ? IoEvent::kReadable : 0) |
                                (to_write ? IoEvent::kWritable : 0)),
             &OnReady, this),
      ok_(event_.Start()) {}

void FdWatch::OnReady(int fd, short ready, void* self) {
  static_cast<FdWatch*>(self)->handler_.OnFdReady(fd, (ready & IoEvent::kReadable) != 0,
                                                  (ready & IoEvent::kWritable) != 0);
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
