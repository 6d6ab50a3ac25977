// The times that bound a session. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"

namespace sluice::session {

/// Belongs to a session.
class Lifetime {
 public:
  explicit Lifetime(base::TimePoint now) : started_(now), last_payload_(now) {}

  base::TimePoint started() const { return started_; }

  /// The session ends at `time` with `cause`, unless it ends earlier.
  void EndBy(base::TimePoint time, base::Cause cause) {
    if (time >= ends_at_) return;
    ends_at_ = time;
    ends_with_ = cause;
  }
  /// The same for a time of the calendar.
  void EndBy(std::chrono::sys_seconds time, base::TimePoint now, base::Cause cause);

  /// The session closes, and is to be over at `time`.
  void EndClosingBy(base::TimePoint time) { ends_at_ = time; }

  /// TimePoint::max(): no bound.
  base::TimePoint ends_at() const { return ends_at_; }
  base::Cause ends_with() const { return ends_with_; }

  void OnPayload(base::TimePoint now) { last_payload_ = now; }
  base::TimePoint last_payload() const { return last_payload_; }
  /// Notes that bytes which wait in a queue make progress, for `moved` has gone up since the last
  /// call. Returns true if they do. A slow peer takes bytes for a long time without another read.
  bool NoteProgress(base::TimePoint now, uint64_t moved) {
    if (moved <= moved_) return false;
    moved_ = moved;
    last_payload_ = now;
    return true;
  }

 private:
  const base::TimePoint started_;
  base::TimePoint ends_at_ = base::TimePoint::max();
  base::TimePoint last_payload_;  // When payload was last relayed, in either direction.
  uint64_t moved_ = 0;
  base::Cause ends_with_ = base::Cause::kMaxAge;
};

}  // namespace sluice::session
