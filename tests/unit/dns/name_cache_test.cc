#include "dns/name_cache.h"

#include <gtest/gtest.h>

namespace sluice::dns {
namespace {

using std::chrono::seconds;

constexpr base::TimePoint kStart{base::Duration(1'000'000)};

TEST(NameCache, KeepsForTheLifetime) {
  NameCache<int> cache(seconds(100));
  EXPECT_EQ(cache.Find("a", kStart), nullptr);
  cache.Put("a", 1, seconds(10), kStart);
  ASSERT_NE(cache.Find("a", kStart + seconds(9)), nullptr);
  EXPECT_EQ(*cache.Find("a", kStart + seconds(9)), 1);
  EXPECT_EQ(cache.Find("a", kStart + seconds(10)), nullptr);
  EXPECT_EQ(cache.size(), 0u);
  cache.Put("a", 1, seconds(10), kStart);
  cache.Put("a", 2, seconds(20), kStart);
  EXPECT_EQ(*cache.Find("a", kStart + seconds(15)), 2);
}

TEST(NameCache, ButNoLongerThanItMay) {
  NameCache<int> cache(seconds(5));
  cache.Put("a", 1, seconds(0x7fffffff), kStart);
  EXPECT_NE(cache.Find("a", kStart + seconds(4)), nullptr);
  EXPECT_EQ(cache.Find("a", kStart + seconds(5)), nullptr);
  cache.Put("b", 1, seconds(0), kStart);
  EXPECT_EQ(cache.size(), 0u);
  NameCache<int> off(seconds(0));
  off.Put("a", 1, seconds(10), kStart);
  EXPECT_EQ(off.Find("a", kStart), nullptr);
}

TEST(NameCache, HasRoomForSoManyOnly) {
  NameCache<int> cache(seconds(100));
  for (size_t i = 0; i < 2 * NameCache<int>::kMaxNames; ++i) {
    cache.Put("short" + std::to_string(i), 1, seconds(1), kStart);
    EXPECT_LE(cache.size(), NameCache<int>::kMaxNames);
  }
  cache.Put("long", 1, seconds(50), kStart);
  for (size_t i = cache.size(); i < NameCache<int>::kMaxNames; ++i) {
    cache.Put("more" + std::to_string(i), 1, seconds(1), kStart);
  }
  cache.Put("one more", 1, seconds(50), kStart + seconds(2));
  EXPECT_EQ(cache.size(), 2u) << "those that are over go first";
}

}  // namespace
}  // namespace sluice::dns
