#include "sluice/auth/rate_limiter.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "base/ip_text.h"

namespace sluice::auth {
namespace {

using base::testing::Ip;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimiter, ABurstThenTheRate) {
  const settings::Rate rate{.interval = milliseconds(50), .burst = 3};
  RateLimiter limiter;
  base::TimePoint now{seconds(1000)};
  const auto connect = [&] { return limiter.Count(rate, Ip("192.0.2.1"), now); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(connect(), std::nullopt);
  EXPECT_EQ(connect(), milliseconds(50));
  EXPECT_EQ(connect(), milliseconds(50)) << "a refused client does not wait longer for it";
  EXPECT_EQ(limiter.Count(rate, Ip("192.0.2.2"), now), std::nullopt);
  EXPECT_EQ(limiter.Count(rate, std::nullopt, now), std::nullopt);
  now += milliseconds(49);
  EXPECT_EQ(connect(), milliseconds(1));
  now += milliseconds(1);
  EXPECT_EQ(connect(), std::nullopt);
  EXPECT_EQ(connect(), milliseconds(50));
  now += seconds(10);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(connect(), std::nullopt) << "at most a burst is saved up";
  EXPECT_EQ(connect(), milliseconds(50));
}

TEST(RateLimiter, AFloodOfAddressesTakesBoundedMemoryForATime) {
  const settings::Rate rate{.interval = seconds(1), .burst = 10};
  RateLimiter limiter;
  base::TimePoint now{seconds(1000)};
  std::array<uint8_t, 16> bytes{0x20, 0x01};
  const auto connect = [&] { return limiter.Count(rate, base::IpAddress::FromBytes(bytes), now); };
  for (uint32_t i = 0; i < 2 * RateLimiter::kMostAddresses; ++i) {
    for (size_t place = 4; place < 8; ++place) {
      bytes[place] = static_cast<uint8_t>(i >> 8 * (place - 4));
    }
    EXPECT_EQ(connect(), std::nullopt);
  }
  EXPECT_LE(limiter.entries(), RateLimiter::kMostAddresses);
  EXPECT_GT(limiter.entries(), RateLimiter::kMostAddresses * 9 / 10) << "spread over all shards";
  now += seconds(2);
  for (uint32_t i = 0; i < 1000; ++i) {
    bytes[10] = static_cast<uint8_t>(i);
    bytes[4] = static_cast<uint8_t>(i);
    connect();
  }
  EXPECT_LE(limiter.entries(), 1000u);
}

}  // namespace
}  // namespace sluice::auth
