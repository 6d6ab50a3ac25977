// Tells a slow peer from a stuck one. Pure.
#pragma once

#include <cstdint>

#include "sluice/base/clock.h"

namespace sluice::leg {

/// Looks, now and then, at a count that goes up whenever there is progress, such as of bytes taken.
/// While it goes up the peer is slow; when it has stood still for long enough it is stuck.
class StallWatch {
 public:
  /// Starts again.
  void Reset(base::TimePoint now, uint64_t count) {
    count_ = count;
    progress_ = now;
  }

  /// Counts from `count` on without restarting the clock: what is counted has changed.
  void Recount(uint64_t count) { count_ = count; }

  /// When a peer that makes no progress from now on is stuck.
  base::TimePoint StuckAt(base::Duration limit) const { return progress_ + limit; }

  /// Takes a look. Whether there has been no progress for at least `limit`.
  bool IsStuck(base::TimePoint now, uint64_t count, base::Duration limit) {
    if (count > count_) Reset(now, count);
    return now - progress_ >= limit;
  }

 private:
  base::TimePoint progress_;
  uint64_t count_ = 0;
};

}  // namespace sluice::leg
