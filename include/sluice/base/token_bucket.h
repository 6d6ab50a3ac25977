// A limit of a rate that allows short bursts. Pure: the time is passed in.
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
      : rate_(static_cast<int64_t>(rate)),
        burst_(static_cast<int64_t>(burst) * kParts),
        tokens_(burst_),
        filled_(now) {}

  /// Returns the number of complete tokens in the bucket.
  uint64_t Available(TimePoint now) {
    Fill(now);
    return static_cast<uint64_t>(std::max(tokens_, int64_t{0}) / kParts);
  }

  /// Removes tokens. If the bucket has fewer, the difference is a debt, which new tokens pay first.
  void Take(uint64_t tokens) { tokens_ -= static_cast<int64_t>(tokens) * kParts; }

  /// Returns the time until the bucket has `tokens`, which are at most the burst.
  Duration TimeUntil(uint64_t tokens, TimePoint now) {
    Fill(now);
    const int64_t missing = std::max(static_cast<int64_t>(tokens) * kParts - tokens_, int64_t{0});
    return Duration((missing + rate_ - 1) / rate_);
  }

 private:
  // Parts of a token: each millisecond adds `rate` parts.
  static constexpr int64_t kParts = 1000;

  void Fill(TimePoint now) {
    const int64_t passed = std::max((now - filled_).count(), int64_t{0});
    // Bounded by the time that fills the bucket, so that the product does not overflow.
    const int64_t enough = (burst_ - tokens_) / rate_ + 1;
    tokens_ = std::min(burst_, tokens_ + std::min(passed, enough) * rate_);
    filled_ = now;
  }

  const int64_t rate_;
  const int64_t burst_;
  int64_t tokens_;
  TimePoint filled_;
};

}  // namespace sluice::base
