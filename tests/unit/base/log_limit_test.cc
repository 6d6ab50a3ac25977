#include "sluice/base/log_limit.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

using std::chrono::milliseconds;

TEST(LogLimit, LetsOneThroughInEachInterval) {
  LogLimit limit(milliseconds(1000));
  const TimePoint start{};
  EXPECT_EQ(limit.Admit(start), 0u);
  EXPECT_EQ(limit.Admit(start), std::nullopt);
  EXPECT_EQ(limit.Admit(start + milliseconds(999)), std::nullopt);
  EXPECT_EQ(limit.Admit(start + milliseconds(1000)), 2u);
  EXPECT_EQ(limit.Admit(start + milliseconds(1999)), std::nullopt);
  EXPECT_EQ(limit.Admit(start + milliseconds(9000)), 1u);
  EXPECT_EQ(limit.Admit(start + milliseconds(19000)), 0u);
}

TEST(LogLimit, LetsABurstThroughInEachInterval) {
  LogLimit limit(milliseconds(1000), 2);
  const TimePoint start{};
  EXPECT_EQ(limit.Admit(start), 0u);
  EXPECT_EQ(limit.Admit(start + milliseconds(999)), 0u);
  EXPECT_EQ(limit.Admit(start + milliseconds(999)), std::nullopt);
  EXPECT_EQ(limit.Admit(start + milliseconds(1000)), 1u);
  EXPECT_EQ(limit.Admit(start + milliseconds(1000)), 0u);
  EXPECT_EQ(limit.Admit(start + milliseconds(1000)), std::nullopt);
}

}  // namespace
}  // namespace sluice::base
