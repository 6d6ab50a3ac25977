#include "sluice/base/token_bucket.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

const TimePoint kStart{Duration(1'000'000)};

TEST(TokenBucket, BeginsFullAndNeverHoldsMore) {
  TokenBucket bucket(10, 5, kStart);
  EXPECT_EQ(bucket.Available(kStart), 5u);
  EXPECT_EQ(bucket.Available(kStart + Duration(3'600'000)), 5u);
}

TEST(TokenBucket, FillsAtItsRate) {
  TokenBucket bucket(10, 5, kStart);
  bucket.Take(5);
  EXPECT_EQ(bucket.Available(kStart), 0u);
  EXPECT_EQ(bucket.Available(kStart + Duration(99)), 0u);
  EXPECT_EQ(bucket.Available(kStart + Duration(100)), 1u);
  EXPECT_EQ(bucket.Available(kStart + Duration(350)), 3u) << "parts of a token are kept";
}

TEST(TokenBucket, TellsHowLongToWait) {
  TokenBucket bucket(10, 5, kStart);
  EXPECT_EQ(bucket.TimeUntil(5, kStart), Duration(0));
  bucket.Take(5);
  EXPECT_EQ(bucket.TimeUntil(1, kStart), Duration(100));
  EXPECT_EQ(bucket.TimeUntil(5, kStart), Duration(500));
  EXPECT_EQ(bucket.TimeUntil(1, kStart + Duration(40)), Duration(60));
  TokenBucket thirds(3, 3, kStart);
  thirds.Take(3);
  const Duration wait = thirds.TimeUntil(1, kStart);
  EXPECT_EQ(thirds.Available(kStart + wait - Duration(1)), 0u);
  EXPECT_EQ(thirds.Available(kStart + wait), 1u);
}

TEST(TokenBucket, MoreThanThereAreIsADebt) {
  TokenBucket bucket(10, 5, kStart);
  bucket.Take(15);
  EXPECT_EQ(bucket.Available(kStart + Duration(1000)), 0u);
  EXPECT_EQ(bucket.TimeUntil(1, kStart + Duration(1000)), Duration(100));
  EXPECT_EQ(bucket.Available(kStart + Duration(1200)), 2u);
}

TEST(TokenBucket, TimeDoesNotGoBack) {
  TokenBucket bucket(10, 5, kStart);
  bucket.Take(5);
  EXPECT_EQ(bucket.Available(kStart - Duration(1000)), 0u);
}

TEST(TokenBucket, LargeRates) {
  TokenBucket bucket(uint64_t{1} << 40, uint64_t{1} << 38, kStart);
  bucket.Take(uint64_t{1} << 38);
  EXPECT_EQ(bucket.Available(kStart + Duration(125)), uint64_t{1} << 37);
}

}  // namespace
}  // namespace sluice::base
