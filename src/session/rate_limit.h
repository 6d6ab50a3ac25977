// The bound on how fast one direction of a session relays (limits.bandwidth).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "sluice/base/token_bucket.h"
#include "sluice/net/event_loop.h"

namespace sluice::session {

/// Belongs to a direction.
class RateLimit final : private net::TimerHandler {
 public:
  /// `bytes_per_second` is not 0. `on_room` is called from the loop after Wait.
  RateLimit(net::EventLoop& loop, uint64_t bytes_per_second, std::function<void()> on_room);

  /// Returns the number of bytes that may be read now. 0 also if it would be hardly any.
  size_t Room();
  void Consume(size_t bytes) { bucket_.Take(bytes); }
  /// Has `on_room` called when there is room again.
  void Wait();

 private:
  void OnTimer() override { on_room_(); }

  const uint64_t portion_;
  base::TokenBucket bucket_;
  const std::function<void()> on_room_;
  net::Timer timer_;
};

}  // namespace sluice::session
