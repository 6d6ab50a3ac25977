#include "net/timer_queue.h"

#include <algorithm>

#include <sys/timerfd.h>
#include <unistd.h>

#include "net/event_base.h"

namespace sluice::net {

// steady_clock is CLOCK_MONOTONIC, so its times are the timerfd's.
TimerQueue::TimerQueue(event_base* base)
    : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      event_(
          base, fd_.get(), IoEvent::kReadable,
          [](int, short, void* queue) { static_cast<TimerQueue*>(queue)->OnEvent(); }, this) {
  if (!event_.Start()) Die("timerfd_create");
}

void TimerQueue::Start(Timer& timer, Time at) {
  const Entry entry{at, &timer};
  if (timer.place_ == Timer::kNotQueued) {
    heap_.emplace_back();
    SiftUp(heap_.size() - 1, entry);
  } else if (at < heap_[timer.place_].at) {
    SiftUp(timer.place_, entry);
  } else {
    SiftDown(timer.place_, entry);
  }
  if (at < armed_for_) Arm();
}

void TimerQueue::Stop(Timer& timer) {
  const size_t place = timer.place_;
  if (place == Timer::kNotQueued) return;
  timer.place_ = Timer::kNotQueued;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  // The last entry fills the gap; it may have to move up or down from there.
  if (last.at < heap_[place].at) {
    SiftUp(place, last);
  } else {
    SiftDown(place, last);
  }
}

void TimerQueue::OnEvent() {
  uint64_t expirations = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &expirations, sizeof(expirations));
  armed_for_ = Time::max();
  // A timer that is started from here on is due in the next turn at the earliest.
  const Time now = std::chrono::steady_clock::now();
  while (!heap_.empty() && heap_.front().at <= now) {
    Timer& timer = *heap_.front().timer;
    Stop(timer);
    timer.handler_.OnTimer();
  }
  if (!heap_.empty() && heap_.front().at < armed_for_) Arm();
}

void TimerQueue::Arm() {
  armed_for_ = heap_.front().at;
  // Absolute, and never zero, because zero disarms the timer.
  const auto time = std::max(armed_for_.time_since_epoch(), Time::duration(1)).count();
  constexpr int64_t kSecond = 1'000'000'000;
  itimerspec spec{};
  spec.it_value.tv_sec = time / kSecond;
  spec.it_value.tv_nsec = time % kSecond;
  timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void TimerQueue::Place(size_t place, Entry entry) {
  heap_[place] = entry;
  entry.timer->place_ = place;
}

void TimerQueue::SiftUp(size_t place, Entry entry) {
  while (place > 0 && entry.at < heap_[(place - 1) / 2].at) {
    Place(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  Place(place, entry);
}

void TimerQueue::SiftDown(size_t place, Entry entry) {
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
    if (entry.at <= heap_[child].at) break;
    Place(place, heap_[child]);
    place = child;
  }
  Place(place, entry);
}

}  // namespace sluice::net
