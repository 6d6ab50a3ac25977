// The names of sessions.
#include "sluice/base/session_id.h"

#include <cstdint>
#include <set>

#include <gtest/gtest.h>

#include "seed.h"

namespace sluice::base {
namespace {

TEST(SessionIdTest, SixteenHexadecimalDigits) {
  EXPECT_EQ(SessionId().ToString(), "0000000000000000");
  EXPECT_EQ(SessionId(0x1f).ToString(), "000000000000001f");
  EXPECT_EQ(SessionId(0xfedcba9876543210u).ToString(), "fedcba9876543210");
  EXPECT_EQ(SessionId(UINT64_MAX).ToString(), "ffffffffffffffff");
}

TEST(SessionIdGeneratorTest, TheSameSeedGivesTheSameIds) {
  SessionIdGenerator a(1), b(1), other(2);
  for (int i = 0; i < 100; ++i) {
    const uint64_t id = a.Next().value();
    EXPECT_EQ(id, b.Next().value());
    EXPECT_NE(id, other.Next().value());
  }
}

// The first numbers of SplitMix64 that its users publish for the seed 1234567.
TEST(SessionIdGeneratorTest, IsSplitMix64) {
  SessionIdGenerator generator(1234567);
  EXPECT_EQ(generator.Next().value(), 6457827717110365317u);
  EXPECT_EQ(generator.Next().value(), 3203168211198807973u);
  EXPECT_EQ(generator.Next().value(), 9817491932198370423u);
}

using SessionIdProperty = test::Seeded;

TEST_F(SessionIdProperty, WorkersDoNotMeet) {
  // Seeds that lie side by side and seeds far apart.
  const uint64_t base_seed = random()();
  std::set<uint64_t> seen;
  constexpr int kEach = 2000;
  const uint64_t seeds[] = {base_seed, base_seed + 1, base_seed + 2, random()(), random()()};
  for (const uint64_t seed : seeds) {
    SessionIdGenerator generator(seed);
    for (int i = 0; i < kEach; ++i) {
      EXPECT_TRUE(seen.insert(generator.Next().value()).second);
    }
  }
}

}  // namespace
}  // namespace sluice::base
