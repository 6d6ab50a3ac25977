// Counts of durations in buckets of 1/64 of their size (an error of at most 0.8 % in the middle of
// a bucket), from a nanosecond to hours, without allocation while it counts.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sluice::bench {

class Histogram {
 public:
  void Add(uint64_t nanoseconds) {
    ++buckets_[Index(nanoseconds)];
    ++count_;
    if (nanoseconds > max_) max_ = nanoseconds;
  }

  void Clear() { *this = {}; }

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }

  /// The middle of the bucket that the share `quantile` of all is not above.
  double Quantile(double quantile) const;

 private:
  static constexpr int kBits = 6;
  static constexpr uint64_t kSteps = uint64_t{1} << kBits;

  static size_t Index(uint64_t value) {
    if (value < 2 * kSteps) return static_cast<size_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - kBits - 1;
    return static_cast<size_t>((static_cast<uint64_t>(shift) << kBits) + (value >> shift));
  }

  std::array<uint64_t, (64 - kBits + 1) * kSteps> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace sluice::bench
