#include "sluice/backend/health_check.h"

#include <vector>

#include <gtest/gtest.h>

namespace sluice::backend {
namespace {

/// What each outcome changes: `+` passed, `-` failed; `U` up, `D` down, `.` nothing.
std::string Changes(unsigned rise, unsigned fall, std::string_view outcomes) {
  HealthState state(rise, fall);
  std::string changes;
  for (const char outcome : outcomes) {
    const auto is_up = state.Apply(outcome == '+');
    changes += !is_up ? '.' : *is_up ? 'U' : 'D';
  }
  return changes;
}

TEST(HealthState, TheFirstOutcomeDecides) {
  EXPECT_EQ(Changes(3, 3, "+"), "U");
  EXPECT_EQ(Changes(3, 3, "-"), "D");
}

TEST(HealthState, FallsAfterSoManyInARow) {
  EXPECT_EQ(Changes(1, 3, "+--+--+---"), "U........D");
  EXPECT_EQ(Changes(1, 1, "+-+-"), "UDUD");
}

TEST(HealthState, RisesAfterSoManyInARow) {
  EXPECT_EQ(Changes(2, 1, "-+-++-"), "D...UD");
  EXPECT_EQ(Changes(3, 2, "-+++--+++"), "D..U.D..U");
}

TEST(IsExpected, AtTheBeginningOfALine) {
  const std::vector<std::string> ssh = {"SSH-2.0-", "SSH-1.99-"};
  EXPECT_TRUE(IsExpected("SSH-2.0-OpenSSH_9.2\r\n", ssh));
  EXPECT_TRUE(IsExpected("Welcome\r\nSSH-1.99-x", ssh));
  EXPECT_TRUE(IsExpected("SSH-2.0-", ssh));
  EXPECT_FALSE(IsExpected("SSH-2.0", ssh)) << "the rest may come";
  EXPECT_FALSE(IsExpected(" SSH-2.0-x", ssh));
  EXPECT_FALSE(IsExpected("", ssh));
  EXPECT_FALSE(IsExpected("\n\n", ssh));
  const std::vector<std::string> binary = {std::string("\0\1", 2)};
  EXPECT_TRUE(IsExpected(std::string("\0\1\2", 3), binary));
}

}  // namespace
}  // namespace sluice::backend
