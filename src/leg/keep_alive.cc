#include "sluice/leg/keep_alive.h"

#include <algorithm>

namespace sluice::leg {
namespace {

base::Duration Scale(base::Duration duration, double factor) {
  return base::Duration(
      static_cast<base::Duration::rep>(static_cast<double>(duration.count()) * factor));
}

}  // namespace

KeepAlive::KeepAlive(const settings::Keepalive& config, base::TimePoint now, double jitter)
    : config_(config), ping_at_(now + Scale(config.ping_interval, jitter)) {}

std::optional<base::TimePoint> KeepAlive::next() const {
  if (config_.ping_interval.count() == 0) return std::nullopt;
  return wait_ == Wait::kForPong ? std::min(ping_at_, pong_until_) : ping_at_;
}

KeepAlive::Action KeepAlive::OnTimer(base::TimePoint now, const Leg& leg, double jitter) {
  if (wait_ == Wait::kForPong) {
    if (leg.last_received >= pinged_at_) {
      wait_ = Wait::kToPing;
    } else {
      if (now >= pong_until_) {
        if (IsGivenUp(now, leg)) return Action::kGiveUp;
        pong_until_ = now + config_.pong_timeout;
      }
      // No other ping before this one is answered.
      if (now >= ping_at_) ping_at_ = pong_until_;
      return Action::kNone;
    }
  }
  if (now < ping_at_) return Action::kNone;
  ++ping_number_;
  rtt_pending_ = true;
  wait_ = Wait::kForPong;
  pinged_at_ = now;
  pong_until_ = now + config_.pong_timeout;
  ping_at_ = now + Scale(config_.ping_interval, jitter);
  ping_is_behind_data_ = leg.unacknowledged != 0;
  data_arrives_at_ = leg.taken + leg.unacknowledged;
  stall_.Reset(now, leg.taken);
  return Action::kPing;
}

size_t KeepAlive::ToTake(const Leg& leg) const {
  // Not what is unacknowledged now: that may grow for ever, with a client that is long gone.
  return leg.taken < data_arrives_at_ ? data_arrives_at_ - leg.taken : 0;
}

bool KeepAlive::IsGivenUp(base::TimePoint now, const Leg& leg) {
  if (leg.reading_paused) {
    // What the client has sent lies unread; it starts with a clean slate when we read on.
    stall_.Reset(now, leg.taken);
    return false;
  }
  if (!ping_is_behind_data_) return true;
  if (ToTake(leg) == 0) {
    ping_is_behind_data_ = false;
    return false;
  }
  return stall_.IsStuck(now, leg.taken, config_.ping_interval + config_.pong_timeout);
}

bool KeepAlive::OnPong(uint32_t number) {
  if (!rtt_pending_ || number != ping_number_) return false;
  rtt_pending_ = false;
  return true;
}

}  // namespace sluice::leg
