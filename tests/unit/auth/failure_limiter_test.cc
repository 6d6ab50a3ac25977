#include "sluice/auth/failure_limiter.h"

#include <gtest/gtest.h>

#include "base/ip_text.h"

namespace sluice::auth {
namespace {

using namespace std::chrono_literals;
using base::testing::Ip;

TEST(FailureLimiter, WindowsBeginWithTheFirstFailure) {
  FailureLimiter limiter({.limit = 2, .window = 10s});
  const base::TimePoint now{1h};
  limiter.Count(Ip("10.0.0.1"), now);
  EXPECT_FALSE(limiter.Wait(Ip("10.0.0.1"), now));
  limiter.Count(Ip("10.0.0.1"), now + 4s);
  EXPECT_EQ(limiter.Wait(Ip("10.0.0.1"), now + 4s), 6s);
  EXPECT_FALSE(limiter.Wait(Ip("10.0.0.2"), now + 4s));
  EXPECT_FALSE(limiter.Wait(Ip("10.0.0.1"), now + 10s));
  EXPECT_EQ(limiter.size(), 0U);
}

TEST(FailureLimiter, WhatIsTakenBackDoesNotCount) {
  FailureLimiter limiter({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  limiter.Count(Ip("10.0.0.1"), now);
  EXPECT_TRUE(limiter.Wait(Ip("10.0.0.1"), now));
  limiter.Withdraw(Ip("10.0.0.1"));
  EXPECT_FALSE(limiter.Wait(Ip("10.0.0.1"), now));
  EXPECT_EQ(limiter.size(), 0U);
  limiter.Withdraw(Ip("10.0.0.1"));  // Forgotten meanwhile.
}

TEST(FailureLimiter, Ipv6ByNetwork) {
  FailureLimiter limiter({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  limiter.Count(Ip("2001:db8:0:1::1"), now);
  EXPECT_TRUE(limiter.Wait(Ip("2001:db8:0:1:ffff::2"), now));
  EXPECT_FALSE(limiter.Wait(Ip("2001:db8:0:2::1"), now));
  limiter.Count(Ip("::ffff:10.0.0.1"), now);
  EXPECT_TRUE(limiter.Wait(Ip("10.0.0.1"), now));
  EXPECT_FALSE(limiter.Wait(Ip("10.0.0.2"), now));
}

TEST(FailureLimiter, OfTooManyAddressesTheOldestIsForgotten) {
  FailureLimiter limiter({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  const auto numbered = [](uint32_t i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                             static_cast<uint8_t>(i)};
    return base::IpAddress::FromBytes(bytes);
  };
  for (uint32_t i = 0; i < 65'536; ++i) limiter.Count(numbered(i), now);
  ASSERT_EQ(limiter.size(), 65'536U);
  limiter.Count(Ip("192.0.2.1"), now + 1s);
  EXPECT_FALSE(limiter.Wait(numbered(0), now + 1s)) << "the oldest is forgotten";
  EXPECT_TRUE(limiter.Wait(numbered(1), now + 1s)) << "and no other one";
  EXPECT_TRUE(limiter.Wait(numbered(65'535), now + 1s));
  EXPECT_TRUE(limiter.Wait(Ip("192.0.2.1"), now + 1s));
  // A new window makes an address a young one.
  limiter.Count(numbered(1), now + 10s);
  limiter.Count(Ip("192.0.2.2"), now + 10s);
  EXPECT_TRUE(limiter.Wait(numbered(1), now + 10s));
}

TEST(FailureLimiter, ItsMemoryIsBounded) {
  FailureLimiter limiter({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  for (uint32_t i = 0; i < 70'000; ++i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                             static_cast<uint8_t>(i)};
    limiter.Count(base::IpAddress::FromBytes(bytes), now);
  }
  EXPECT_LE(limiter.size(), 65'536U);
  EXPECT_GT(limiter.size(), 0U);
  FailureLimiter off({.limit = 0, .window = 10s});
  off.Count(Ip("::1"), now);
  EXPECT_EQ(off.size(), 0U);
}

}  // namespace
}  // namespace sluice::auth
