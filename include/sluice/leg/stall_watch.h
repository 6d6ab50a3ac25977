// Distinguishes a slow peer from a stuck one. Pure.
#pragma once

#include <cstdint>

#include "sluice/base/clock.h"

namespace sluice::leg {

/// Looks at a count that goes up if there is progress, such as of bytes taken. While the count goes
/// up the peer is slow; when it has not gone up for long enough the peer is stuck.
class StallWatch {
 public:
  /// Starts again. Before the first look `count` may be 0: that look then counts as progress.
  void Reset(base::TimePoint now, uint64_t count) {
    count_ = count;
    progress_ = now;
  }

  bool has_count() const { return count_ != 0; }

  /// Counts from `count` on without restarting the clock: what is counted has changed.
  void Recount(uint64_t count) { count_ = count; }

  /// Notes the count.
  void Update(base::TimePoint now, uint64_t count) {
    if (count > count_) Reset(now, count);
  }

  /// When a peer that makes no progress from now on is stuck.
  base::TimePoint StuckAt(base::Duration limit) const { return progress_ + limit; }

  /// Returns true if there was no progress for at least `limit`, as of the last Update.
  bool IsStuck(base::TimePoint now, base::Duration limit) const { return now - progress_ >= limit; }

 private:
  base::TimePoint progress_;
  uint64_t count_ = 0;
};

}  // namespace sluice::leg
