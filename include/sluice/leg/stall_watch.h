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

  /// Notes the count. If it has gone down, what is counted has changed: a connection is no
  /// longer counted, for instance. That is no progress.
  void Update(base::TimePoint now, uint64_t count) {
    if (count > count_) progress_ = now;
    count_ = count;
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
