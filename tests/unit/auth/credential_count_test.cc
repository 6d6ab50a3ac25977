// Which credentials of a request count as failures.
#include "sluice/auth/credential_count.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

using Kind = Verdict::Kind;

class CredentialCountTest : public ::testing::Test {
 protected:
  /// Returns how many failures are counted for the address.
  unsigned Failures() {
    unsigned left = 0;
    for (; !limiter.Wait(address, now); ++left) limiter.Count(address, now);
    for (unsigned i = 0; i < left; ++i) limiter.Withdraw(address);
    return kLimit - left;
  }

  static constexpr unsigned kLimit = 10;
  const base::IpAddress address = *base::IpAddress::Parse("10.0.0.1");
  const base::TimePoint now{std::chrono::hours(1)};
  const Digest guess = DigestOf("guess");
  const Digest token = DigestOf("token");
  FailureLimiter limiter{{.limit = kLimit, .window = std::chrono::seconds(10)}};
  CredentialCount count{limiter, address};
};

TEST_F(CredentialCountTest, ARefusedOneCountsWhateverElseIsAccepted) {
  count.End(token, Kind::kAccepted, now);
  EXPECT_EQ(Failures(), 0U);
  count.End(guess, Kind::kRefused, now);
  EXPECT_EQ(Failures(), 1U);
  count.End(token, Kind::kAccepted, now);
  EXPECT_EQ(Failures(), 1U);
}

TEST_F(CredentialCountTest, EachOfSeveralCounts) {
  count.End(token, Kind::kRefused, now);
  count.End(guess, Kind::kRefused, now);
  EXPECT_EQ(Failures(), 2U);
}

TEST_F(CredentialCountTest, TheSameOneCountsOnce) {
  count.End(token, Kind::kRefused, now);
  count.Begin(token, now);
  count.End(token, Kind::kRefused, now);
  EXPECT_EQ(Failures(), 1U);
}

TEST_F(CredentialCountTest, OneThatIsAcceptedAnywhereDoesNotCount) {
  count.End(token, Kind::kRefused, now);
  count.End(token, Kind::kAccepted, now);
  EXPECT_EQ(Failures(), 0U);
  count.End(token, Kind::kRefused, now);
  count.Begin(token, now);
  EXPECT_EQ(Failures(), 0U);
}

TEST_F(CredentialCountTest, ACheckUnderWayCountsUntilItsVerdict) {
  count.Begin(guess, now);
  EXPECT_EQ(Failures(), 1U);
  count.End(guess, Kind::kAccepted, now);
  EXPECT_EQ(Failures(), 0U);
}

TEST_F(CredentialCountTest, WhatCannotBeCheckedIsNoGuess) {
  count.Begin(guess, now);
  count.End(guess, Kind::kUnavailable, now);
  EXPECT_EQ(Failures(), 0U);
  count.End(guess, Kind::kRefused, now);
  count.Begin(guess, now);
  count.End(guess, Kind::kUnavailable, now);
  EXPECT_EQ(Failures(), 1U) << "but it was refused elsewhere";
}

TEST_F(CredentialCountTest, WithoutAnAddressNothingIsCounted) {
  CredentialCount none(limiter, std::nullopt);
  none.Begin(guess, now);
  none.End(guess, Kind::kRefused, now);
  EXPECT_EQ(limiter.size(), 0U);
}

}  // namespace
}  // namespace sluice::auth
