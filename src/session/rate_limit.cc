#include "session/rate_limit.h"

#include <algorithm>
#include <utility>

namespace sluice::session {
namespace {

// The smallest read is a twentieth of a second's bytes, so that a screen is updated smoothly with
// some twenty reads a second. After a pause, five such portions may be read at once.
constexpr uint64_t kPortionsPerSecond = 20;
constexpr uint64_t kBurstPortions = 5;

uint64_t PortionOf(uint64_t bytes_per_second) {
  return std::max(bytes_per_second / kPortionsPerSecond, uint64_t{1});
}

}  // namespace

RateLimit::RateLimit(net::EventLoop& loop, uint64_t bytes_per_second, std::function<void()> on_room)
    : portion_(PortionOf(bytes_per_second)),
      bucket_(bytes_per_second, portion_ * kBurstPortions, net::EventLoop::Now()),
      on_room_(std::move(on_room)),
      timer_(loop, *this) {}

size_t RateLimit::Room() {
  const uint64_t room = bucket_.Available(net::EventLoop::Now());
  return room < portion_ ? 0 : room;
}

void RateLimit::Wait() {
  timer_.Start(std::max(bucket_.TimeUntil(portion_, net::EventLoop::Now()), base::Duration(1)));
}

}  // namespace sluice::session
