#include "sluice/auth/throttle.h"

#include <gtest/gtest.h>

#include "base/ip_text.h"

namespace sluice::auth {
namespace {

using namespace std::chrono_literals;
using base::testing::Ip;

TEST(Throttle, WindowsBeginWithTheFirstFailure) {
  Throttle throttle({.limit = 2, .window = 10s});
  const base::TimePoint now{1h};
  throttle.Count(Ip("10.0.0.1"), now);
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.1"), now));
  throttle.Count(Ip("10.0.0.1"), now + 4s);
  EXPECT_EQ(throttle.Wait(Ip("10.0.0.1"), now + 4s), 6s);
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.2"), now + 4s));
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.1"), now + 10s));
  EXPECT_EQ(throttle.size(), 0U);
}

TEST(Throttle, WhatIsTakenBackDoesNotCount) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  throttle.Count(Ip("10.0.0.1"), now);
  EXPECT_TRUE(throttle.Wait(Ip("10.0.0.1"), now));
  throttle.TakeBack(Ip("10.0.0.1"));
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.1"), now));
  EXPECT_EQ(throttle.size(), 0U);
  throttle.TakeBack(Ip("10.0.0.1"));  // Forgotten meanwhile.
}

TEST(Throttle, Ipv6ByNetwork) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  throttle.Count(Ip("2001:db8:0:1::1"), now);
  EXPECT_TRUE(throttle.Wait(Ip("2001:db8:0:1:ffff::2"), now));
  EXPECT_FALSE(throttle.Wait(Ip("2001:db8:0:2::1"), now));
  throttle.Count(Ip("::ffff:10.0.0.1"), now);
  EXPECT_TRUE(throttle.Wait(Ip("10.0.0.1"), now));
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.2"), now));
}

TEST(Throttle, OfTooManyAddressesTheOldestIsForgotten) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  const auto numbered = [](uint32_t i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                             static_cast<uint8_t>(i)};
    return base::IpAddress::FromBytes(bytes);
  };
  for (uint32_t i = 0; i < 65'536; ++i) throttle.Count(numbered(i), now);
  ASSERT_EQ(throttle.size(), 65'536U);
  throttle.Count(Ip("192.0.2.1"), now + 1s);
  EXPECT_FALSE(throttle.Wait(numbered(0), now + 1s)) << "the oldest is forgotten";
  EXPECT_TRUE(throttle.Wait(numbered(1), now + 1s)) << "and no other one";
  EXPECT_TRUE(throttle.Wait(numbered(65'535), now + 1s));
  EXPECT_TRUE(throttle.Wait(Ip("192.0.2.1"), now + 1s));
  // A new window makes an address a young one.
  throttle.Count(numbered(1), now + 10s);
  throttle.Count(Ip("192.0.2.2"), now + 10s);
  EXPECT_TRUE(throttle.Wait(numbered(1), now + 10s));
}

TEST(Throttle, ItsMemoryIsBounded) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  for (uint32_t i = 0; i < 70'000; ++i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                             static_cast<uint8_t>(i)};
    throttle.Count(base::IpAddress::FromBytes(bytes), now);
  }
  EXPECT_LE(throttle.size(), 65'536U);
  EXPECT_GT(throttle.size(), 0U);
  Throttle off({.limit = 0, .window = 10s});
  off.Count(Ip("::1"), now);
  EXPECT_EQ(off.size(), 0U);
}

}  // namespace
}  // namespace sluice::auth
