// Notices that the host of a peer is gone, from what the kernel knows of the connection.
#pragma once

#include <utility>

#include "sluice/base/clock.h"
#include "sluice/net/stream.h"

namespace sluice::leg {

/// Checks twice in the time that a host may be silent. The kernel probes an idle connection only
/// from the first check on: many connections end before.
class HostWatch {
 public:
  /// `timeout`: how long the host may be silent; 0: without limit.
  HostWatch(base::Duration timeout, base::TimePoint now) : timeout_(timeout) { Schedule(now); }

  /// TimePoint::max(): never.
  base::TimePoint next_check() const { return next_check_; }

  /// Checks the host if that is due, and returns true if it is silent.
  bool CheckSilent(net::Stream& stream, base::TimePoint now) {
    if (now < next_check_) return false;
    Schedule(now);
    if (!std::exchange(is_probing_, true)) stream.ProbeWhileIdle(timeout_);
    return stream.IsPeerSilent(timeout_);
  }

 private:
  void Schedule(base::TimePoint now) {
    next_check_ = timeout_.count() == 0 ? base::TimePoint::max() : now + timeout_ / 2;
  }

  base::TimePoint next_check_;
  const base::Duration timeout_;
  bool is_probing_ = false;
};

}  // namespace sluice::leg
