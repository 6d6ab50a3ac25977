// When to ping a peer, and when it counts as dead. Pure: the time and what is known of the leg are
// passed in.
//
// A peer is alive as long as bytes of any kind come from it. A missing pong does not count while we
// do not read from the peer: the pong may wait in the kernel. As long as data that was sent before
// the ping has not arrived, the ping has not arrived either. Then the peer counts as dead only if
// it takes no byte for a ping interval and a pong time-out together. Once that data has arrived,
// the peer has the pong time-out again.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/leg/stall_watch.h"
#include "sluice/settings/session_options.h"

namespace sluice::leg {

class KeepAlive {
 public:
  enum class Action : uint8_t { kNone, kPing, kGiveUp };
  using PreciseTime = std::chrono::steady_clock::time_point;

  /// What is known of the leg when the timer fires.
  struct Seen {
    base::TimePoint last_received;
    bool reading_paused = false;
    size_t unacknowledged = 0;  ///< bytes that are queued for the peer or under way to it
    uint64_t taken = 0;         ///< bytes that it has acknowledged since its connection began
  };

  /// `jitter` scales the time to the first ping, see OnTimer. `config` outlives this.
  KeepAlive(const settings::Keepalive& config, base::TimePoint now, double jitter);

  /// When OnTimer wants to be called next; nothing if pings are off.
  std::optional<base::TimePoint> next() const;

  /// To be called at next() or later. After kPing the caller sends ping_payload() and calls
  /// OnPingSent. `jitter`, 0.9 to 1.1 and new each time, prevents that many sessions ping at the
  /// same time.
  Action OnTimer(base::TimePoint now, const Seen& seen, double jitter);

  /// Different in each ping, so that its pong is recognised.
  std::array<uint8_t, sizeof(uint32_t)> ping_payload() const {
    return std::bit_cast<std::array<uint8_t, sizeof(uint32_t)>>(ping_number_);
  }

  /// Notes the precise time at which the ping was sent.
  void OnPingSent(PreciseTime now) { ping_->precisely_sent_at = now; }

  /// Returns the round-trip time if a pong with this payload answers the last ping: once for each
  /// ping. Other pongs are unsolicited, as RFC 6455 section 5.5.3 allows.
  std::optional<PreciseTime::duration> OnPong(base::Bytes payload, PreciseTime now);

 private:
  /// A ping whose answer is awaited.
  struct Ping {
    base::TimePoint sent_at;
    base::TimePoint pong_until;
    PreciseTime precisely_sent_at;
    bool is_behind_data;
    uint64_t data_arrives_at;  // The value of Seen::taken at which that data has arrived.
    StallWatch stall;
  };

  bool IsGivenUp(base::TimePoint now, const Seen& seen);

  const settings::Keepalive& config_;
  base::TimePoint ping_at_;     // When the next ping is due.
  std::unique_ptr<Ping> ping_;  // Most of the time a leg is idle: null if none is awaited.
  uint32_t ping_number_ = 0;    // Of the last ping.
};

}  // namespace sluice::leg
