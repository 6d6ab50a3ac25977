// Limits the log lines of one kind of event.
#pragma once

#include <cstdint>
#include <optional>

#include "sluice/base/clock.h"

namespace sluice::base {

class LogLimit {
 public:
  /// Admits `burst` lines in each `interval`. Neither is zero.
  explicit LogLimit(Duration interval, uint32_t burst = 1) : interval_(interval), burst_(burst) {}

  /// Returns nothing if an event that happens now is not to be logged, or else the number of events
  /// before it that were not logged.
  std::optional<uint64_t> Admit(TimePoint now) {
    if (!is_begun_ || now - begin_ >= interval_) {
      is_begun_ = true;
      begin_ = now;
      admitted_ = 0;
    }
    if (admitted_ == burst_) {
      ++omitted_;
      return std::nullopt;
    }
    ++admitted_;
    const uint64_t omitted = omitted_;
    omitted_ = 0;
    return omitted;
  }

 private:
  Duration interval_;
  uint32_t burst_;
  uint32_t admitted_ = 0;  // Since `begin_`.
  TimePoint begin_;
  uint64_t omitted_ = 0;
  bool is_begun_ = false;
};

}  // namespace sluice::base
