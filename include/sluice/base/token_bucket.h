// A bound on a rate that lets short bursts pass. Pure: the time is handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sluice/base/clock.h"

namespace sluice::base {

/// Fills with `rate` tokens a second, up to `burst`, and begins full. Not thread-safe.
class TokenBucket {
 public:
  /// Both are at least 1, and their product with 1000 fits.
  TokenBucket(uint64_t rate, uint64_t burst, TimePoint now)
      : rate_(rate), burst_(burst * kParts), tokens_(burst_), filled_(now) {}

  /// Whole tokens that are there.
  uint64_t Available(TimePoint now) {
    Fill(now);
    return tokens_ / kParts;
  }

  /// Takes them; more than are there leaves none.
  void Take(uint64_t tokens) { tokens_ -= std::min(tokens_, tokens * kParts); }

  /// How long until `tokens`, which are no more than the burst, will be there.
  Duration TimeUntil(uint64_t tokens, TimePoint now) {
    Fill(now);
    const uint64_t missing = tokens * kParts - std::min(tokens_, tokens * kParts);
    return Duration((missing + rate_ - 1) / rate_);
  }

 private:
  // Of a token, so that a millisecond brings `rate` of them.
  static constexpr uint64_t kParts = 1000;

  void Fill(TimePoint now) {
    const auto passed = static_cast<uint64_t>(std::max((now - filled_).count(), int64_t{0}));
    // So long that it is full anyway is not multiplied out.
    const uint64_t enough = burst_ / rate_ + 1;
    tokens_ = std::min(burst_, tokens_ + std::min(passed, enough) * rate_);
    filled_ = now;
  }

  const uint64_t rate_;
  const uint64_t burst_;
  uint64_t tokens_;
  TimePoint filled_;
};

}  // namespace sluice::base
