// Tells a slow peer from a stuck one. Pure.
#pragma once

#include <cstddef>

#include "sluice/base/clock.h"

namespace sluice::relay {

/// Looks, now and then, at how many bytes a peer has still to take. While the number goes down it
/// is slow; when it has stood still for long enough it is stuck.
class StallWatch {
 public:
  /// Starts anew.
  void Reset(base::TimePoint now, size_t pending) {
    pending_ = pending;
    progress_ = now;
  }

  /// Takes a look. Whether the peer has not taken a byte for at least `limit`.
  bool IsStuck(base::TimePoint now, size_t pending, base::Duration limit) {
    if (pending < pending_) progress_ = now;
    pending_ = pending;  // That there is more to take says nothing.
    return now - progress_ >= limit;
  }

 private:
  base::TimePoint progress_;
  size_t pending_ = 0;
};

}  // namespace sluice::relay
