// The bounds on how fast a session relays, for those that have any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "sluice/base/token_bucket.h"
#include "sluice/net/event_loop.h"
#include "sluice/settings/limits.h"

namespace sluice::session {

/// One for each direction: how much may be read now, and when to go on.
class DirectionRate {
 public:
  /// `bytes_per_second` is 0 for no bound.
  explicit DirectionRate(uint64_t bytes_per_second);

  /// Bytes that may be read now; 0 also when it would be hardly any.
  size_t Room(base::TimePoint now);
  void Take(size_t bytes) {
    if (bucket_) bucket_->Take(bytes);
  }
  /// How long until there is room again.
  base::Duration TimeUntilRoom(base::TimePoint now);

 private:
  uint64_t portion_;
  std::optional<base::TokenBucket> bucket_;
};

/// Both directions of a session, and the timer that wakes it.
class Bandwidth final : private net::TimerHandler {
 public:
  /// `on_room` is called when there may be room again, never from inside WakeIn.
  Bandwidth(net::EventLoop& loop, const settings::Bandwidth& limits, std::function<void()> on_room);

  DirectionRate to_backend;
  DirectionRate to_client;

  /// Has `on_room` called after `delay`, or sooner if that was asked for before.
  void WakeIn(base::Duration delay);

 private:
  void OnTimer() override;

  const std::function<void()> on_room_;
  net::Timer timer_;
  std::optional<base::TimePoint> wake_at_;
};

}  // namespace sluice::session
