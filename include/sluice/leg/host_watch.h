// Notices that the host of a peer is gone, from what the kernel knows of the connection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "sluice/base/clock.h"
#include "sluice/net/stream.h"

namespace sluice::leg {

/// Checks twice in the time that a host may be silent. The kernel probes an idle connection only
/// from the first check on: many connections end before.
class HostWatch {
 public:
  /// `timeout`: how long the host may be silent; 0: without limit.
  HostWatch(base::Duration timeout, base::TimePoint now)
      : timeout_ms_(static_cast<uint32_t>(std::min<int64_t>(timeout.count(), UINT32_MAX))) {
    Schedule(now);
  }

  /// TimePoint::max(): never.
  base::TimePoint next_check() const { return next_check_; }

  /// Checks the host if that is due, and returns true if it is silent.
  bool CheckSilent(net::Stream& stream, base::TimePoint now) {
    if (now < next_check_) return false;
    Schedule(now);
    if (!std::exchange(is_probing_, true)) stream.ProbeWhileIdle(timeout());
    return stream.IsPeerSilent(timeout());
  }

 private:
  base::Duration timeout() const { return base::Duration(timeout_ms_); }
  void Schedule(base::TimePoint now) {
    next_check_ = timeout_ms_ == 0 ? base::TimePoint::max() : now + timeout() / 2;
  }

  base::TimePoint next_check_;
  const uint32_t timeout_ms_;
  bool is_probing_ = false;
};

}  // namespace sluice::leg
