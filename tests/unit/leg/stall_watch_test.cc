#include "sluice/leg/stall_watch.h"

#include <gtest/gtest.h>

namespace sluice::leg {
namespace {

using std::chrono::seconds;

base::TimePoint At(int second) {
  return base::TimePoint(seconds(second));
}

TEST(StallWatchTest, StuckWhenNothingIsTakenForTheLimit) {
  StallWatch watch;
  watch.Reset(At(0), 10);
  watch.Update(At(4), 10);
  EXPECT_FALSE(watch.IsStuck(At(4), seconds(5)));
  watch.Update(At(5), 10);
  EXPECT_TRUE(watch.IsStuck(At(5), seconds(5)));
}

TEST(StallWatchTest, EveryByteTakenBeginsAnew) {
  StallWatch watch;
  watch.Reset(At(0), 10);
  for (int i = 1; i <= 10; ++i) {
    watch.Update(At(i * 5), 10 + static_cast<uint64_t>(i));
    ASSERT_FALSE(watch.IsStuck(At(i * 5), seconds(5)));
  }
  watch.Update(At(55), 20);
  EXPECT_TRUE(watch.IsStuck(At(55), seconds(5)));
}

TEST(StallWatchTest, ACountThatGoesDownIsNoProgress) {
  StallWatch watch;
  watch.Reset(At(0), 10);
  watch.Update(At(4), 9);
  EXPECT_EQ(watch.StuckAt(seconds(5)), At(5));
  watch.Update(At(5), 9);
  EXPECT_TRUE(watch.IsStuck(At(5), seconds(5)));
  watch.Update(At(6), 10);
  EXPECT_FALSE(watch.IsStuck(At(6), seconds(5)));
}

TEST(StallWatchTest, TheLimitMayChangeBetweenLooks) {
  StallWatch watch;
  watch.Reset(At(0), 10);
  watch.Update(At(6), 10);
  EXPECT_FALSE(watch.IsStuck(At(6), seconds(30)));
  watch.Update(At(6), 10);
  EXPECT_TRUE(watch.IsStuck(At(6), seconds(5)));
}

TEST(StallWatchTest, ResetForgets) {
  StallWatch watch;
  watch.Reset(At(0), 10);
  watch.Reset(At(4), 10);
  watch.Update(At(8), 10);
  EXPECT_FALSE(watch.IsStuck(At(8), seconds(5)));
  watch.Update(At(9), 10);
  EXPECT_TRUE(watch.IsStuck(At(9), seconds(5)));
}

}  // namespace
}  // namespace sluice::leg
