// Keeps a flood of one kind of event from flooding the log.
#pragma once

#include <cstdint>
#include <optional>

#include "sluice/base/clock.h"

namespace sluice::base {

class LogLimit {
 public:
  /// One line in each `interval`, which is not zero, is let through.
  explicit LogLimit(Duration interval) : interval_(interval) {}

  /// For an event that happens now: nothing if it is not to be logged, else how many before it
  /// were not.
  std::optional<uint64_t> Admit(TimePoint now) {
    if (is_begun_ && now - last_ < interval_) {
      ++omitted_;
      return std::nullopt;
    }
    is_begun_ = true;
    last_ = now;
    const uint64_t omitted = omitted_;
    omitted_ = 0;
    return omitted;
  }

 private:
  Duration interval_;
  TimePoint last_;
  uint64_t omitted_ = 0;
  bool is_begun_ = false;
};

}  // namespace sluice::base
