#include "session/bandwidth.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::session {
namespace {

// What is read at once, and what may come at once after a silence, in parts of what a second may
// bring: smooth for who looks on, and no more than some twenty reads a second.
constexpr uint64_t kPortionsPerSecond = 20;
constexpr uint64_t kBurstPortions = 5;

}  // namespace

DirectionRate::DirectionRate(uint64_t bytes_per_second)
    : portion_(std::max(bytes_per_second / kPortionsPerSecond, uint64_t{1})) {
  if (bytes_per_second != 0) {
    bucket_.emplace(bytes_per_second, portion_ * kBurstPortions, net::EventLoop::Now());
  }
}

size_t DirectionRate::Room(base::TimePoint now) {
  if (!bucket_) return std::numeric_limits<size_t>::max();
  const uint64_t room = bucket_->Available(now);
  return room < portion_ ? 0 : room;
}

base::Duration DirectionRate::TimeUntilRoom(base::TimePoint now) {
  return std::max(bucket_->TimeUntil(portion_, now), base::Duration(1));
}

Bandwidth::Bandwidth(net::EventLoop& loop, const settings::Bandwidth& limits,
                     std::function<void()> on_room)
    : to_backend(limits.to_backend),
      to_client(limits.to_client),
      on_room_(std::move(on_room)),
      timer_(loop, *this) {}

void Bandwidth::WakeIn(base::Duration delay) {
  const base::TimePoint at = net::EventLoop::Now() + delay;
  if (wake_at_ && *wake_at_ <= at) return;
  wake_at_ = at;
  timer_.Start(delay);
}

void Bandwidth::OnTimer() {
  wake_at_.reset();
  on_room_();
}

}  // namespace sluice::session
