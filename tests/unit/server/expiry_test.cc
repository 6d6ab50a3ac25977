#include "server/expiry.h"

#include <gtest/gtest.h>

#include "tls/certificates.h"

namespace sluice::server {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
// From 2026-09-01 to 2026-11-30, as most public certificates.
constexpr tls::Validity kNinetyDays{1788220800, 1788220800 + 90 * kDay};

std::string Warning(const tls::Validity& validity, int64_t left) {
  return DescribeExpiry(validity, validity.not_after - left).value_or("none");
}

TEST(Expiry, WarnsFourteenDaysBefore) {
  EXPECT_EQ(Warning(kNinetyDays, 90 * kDay), "none");
  EXPECT_EQ(Warning(kNinetyDays, 14 * kDay), "none");
  EXPECT_EQ(Warning(kNinetyDays, 14 * kDay - 1), "expires in 13 days, on 2026-11-30");
  EXPECT_EQ(Warning(kNinetyDays, kDay), "expires in 1 day, on 2026-11-30");
  EXPECT_EQ(Warning(kNinetyDays, 90 * 60), "expires in 1 hour, on 2026-11-30");
  EXPECT_EQ(Warning(kNinetyDays, 0), "expires in 0 hours, on 2026-11-30");
  EXPECT_EQ(Warning(kNinetyDays, -1), "has expired on 2026-11-30");
}

TEST(Expiry, AShortLivedCertificateWarnsInItsLastThird) {
  constexpr tls::Validity kSixDays{0, 6 * kDay};
  EXPECT_EQ(Warning(kSixDays, 2 * kDay), "none");
  EXPECT_EQ(Warning(kSixDays, 2 * kDay - 1), "expires in 1 day, on 1970-01-07");
}

TEST(Expiry, OfAFile) {
  const tls::testing::CertificateDirectory directory;
  EXPECT_EQ(ExpiryWarning(directory.Make("good", "good")), std::nullopt);
  EXPECT_EQ(ExpiryWarning({"/nowhere", "/nowhere"}), std::nullopt);
}

}  // namespace
}  // namespace sluice::server
