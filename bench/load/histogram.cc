#include "load/histogram.h"

#include <algorithm>
#include <cmath>

namespace sluice::bench {

double Histogram::Quantile(double quantile) const {
  const auto rank = static_cast<uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen < rank || buckets_[i] == 0) continue;
    if (i < 2 * kSteps) return static_cast<double>(i);
    const int shift = static_cast<int>(i >> kBits) - 1;
    const double low = std::ldexp(static_cast<double>(i % kSteps + kSteps), shift);
    return std::min(low + std::ldexp(0.5, shift), static_cast<double>(max_));
  }
  return 0;
}

}  // namespace sluice::bench
