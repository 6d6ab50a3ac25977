#include "sluice/http/host_names.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(NormalizeHost, LeavesPortDotAndCaseOut) {
  EXPECT_EQ(NormalizeHost("WWW.Example.com"), "www.example.com");
  EXPECT_EQ(NormalizeHost("a:8080"), "a");
  EXPECT_EQ(NormalizeHost("a."), "a");
  EXPECT_EQ(NormalizeHost("a.:80"), "a");
  EXPECT_EQ(NormalizeHost("[::1]"), "[::1]");
  EXPECT_EQ(NormalizeHost("[2001:DB8::1]:80"), "[2001:db8::1]");
  EXPECT_EQ(NormalizeHost(""), "");
}

TEST(HostNames, HaveWhatNoDnsAnswerCanRePoint) {
  const HostNames none;
  for (const char* host : {"localhost", "a.localhost", "a.b.localhost", "127.0.0.1", "192.0.2.1",
                           "[::1]", "[2001:db8::1]"}) {
    EXPECT_TRUE(none.Contain(host)) << host;
  }
  for (const char* host : {"", "a", "example.com", "localhost.example.com", "xlocalhost",
                           "127.0.0.1.example.com", "1.2.3", "0x7f.1", "2130706433", "[::1"}) {
    EXPECT_FALSE(none.Contain(host)) << host;
  }
}

TEST(HostNames, AStarStandsForEveryNameBelow) {
  const HostNames names({"www.example.com", "*.lab.example.com"});
  for (const char* host : {"www.example.com", "a.lab.example.com", "a.b.lab.example.com"}) {
    EXPECT_TRUE(names.Contain(host)) << host;
  }
  for (const char* host : {"example.com", "a.www.example.com", "lab.example.com",
                           ".lab.example.com", "alab.example.com", "a.lab.example.com.evil.org"}) {
    EXPECT_FALSE(names.Contain(host)) << host;
  }
}

}  // namespace
}  // namespace sluice::http
