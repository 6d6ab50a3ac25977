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
  return ping_ ? std::min(ping_at_, ping_->pong_until) : ping_at_;
}

KeepAlive::Action KeepAlive::OnTimer(base::TimePoint now, const Seen& seen, double jitter) {
  if (ping_ && seen.last_received >= ping_->sent_at) ping_.reset();
  if (ping_) {
    if (now >= ping_->pong_until) {
      if (IsGivenUp(now, seen)) return Action::kGiveUp;
      ping_->pong_until = now + config_.pong_timeout;
    }
    // No other ping before this one is answered.
    if (now >= ping_at_) ping_at_ = ping_->pong_until;
    return Action::kNone;
  }
  if (now < ping_at_) return Action::kNone;
  ++ping_number_;
  ping_at_ = now + Scale(config_.ping_interval, jitter);
  ping_ = std::make_unique<Ping>(Ping{.sent_at = now,
                                      .pong_until = now + config_.pong_timeout,
                                      .precisely_sent_at = {},
                                      .is_behind_data = seen.unacknowledged != 0,
                                      .data_arrives_at = seen.taken + seen.unacknowledged,
                                      .stall = {}});
  ping_->stall.Reset(now, seen.taken);
  return Action::kPing;
}

bool KeepAlive::IsGivenUp(base::TimePoint now, const Seen& seen) {
  if (seen.reading_paused) {
    // What the peer has sent is unread. It has its full time again when we continue to read.
    ping_->stall.Reset(now, seen.taken);
    return false;
  }
  if (!ping_->is_behind_data) return true;
  // Not what is unacknowledged now: that may grow for ever although the peer is dead.
  if (seen.taken >= ping_->data_arrives_at) {
    ping_->is_behind_data = false;
    return false;
  }
  ping_->stall.Update(now, seen.taken);
  return ping_->stall.IsStuck(now, config_.ping_interval + config_.pong_timeout);
}

std::optional<KeepAlive::PreciseTime::duration> KeepAlive::OnPong(base::Bytes payload,
                                                                  PreciseTime now) {
  if (!ping_ || !std::ranges::equal(payload, ping_payload())) return std::nullopt;
  const auto rtt = now - ping_->precisely_sent_at;
  ping_.reset();
  return rtt;
}

}  // namespace sluice::leg
