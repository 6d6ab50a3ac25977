#include "sluice/base/ip.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

IpAddress Ip(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress());
}

IpRange Range(std::string_view text) {
  auto range = IpRange::Parse(text);
  EXPECT_TRUE(range) << text;
  return *std::move(range);
}

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"10.0.0.1", "255.255.255.255", "fd00::5", "::", "::1"}) {
    EXPECT_EQ(Ip(text).ToString(), text);
  }
  EXPECT_EQ(Ip("[fd00:0:0::5]").ToString(), "fd00::5");
}

TEST(IpAddress, IsNothingElse) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "010.0.0.1", "0x0a000001", "localhost", "[]",
                           "[10.0.0.1]", "fe80::1%eth0", "::1 ", "10.0.0.1:80"}) {
    EXPECT_FALSE(IpAddress::Parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("10.0.0.1\0", 9)));
}

TEST(IpAddress, AnAddressOfIpv4InsideIpv6IsTheSame) {
  EXPECT_EQ(Ip("::ffff:10.0.0.1"), Ip("10.0.0.1"));
  EXPECT_TRUE(Ip("::ffff:10.0.0.1").is_v4());
  EXPECT_FALSE(Ip("::10.0.0.1").is_v4());
}

TEST(IpAddress, KnowsTheLoopback) {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(Ip(text).IsLoopback()) << text;
  }
  for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "fe80::1", "::127.0.0.1"}) {
    EXPECT_FALSE(Ip(text).IsLoopback()) << text;
  }
}

TEST(IpAddress, KnowsLinkLocalAddresses) {
  for (const char* text : {"fe80::", "fe80::1", "fe80:1::", "febf:ffff::1"}) {
    EXPECT_TRUE(Ip(text).IsLinkLocal()) << text;
  }
  for (const char* text : {"fe7f::1", "fec0::1", "::", "ff02::1", "169.254.0.1"}) {
    EXPECT_FALSE(Ip(text).IsLinkLocal()) << text;
  }
}

TEST(IpAddress, PrefixCutsAtAnyBit) {
  EXPECT_EQ(Ip("2001:db8:1:2:3::4").Prefix(64), Ip("2001:db8:1:2::"));
  EXPECT_EQ(Ip("ff00::").Prefix(3), Ip("e000::"));
  EXPECT_EQ(Ip("ff00::").Prefix(0), Ip("::"));
  EXPECT_EQ(Ip("10.255.0.1").Prefix(96 + 9), Ip("10.128.0.0"));
}

TEST(IpRange, ContainsWhatItsPrefixSays) {
  EXPECT_TRUE(Range("10.0.0.0/8").Contains(Ip("10.255.255.255")));
  EXPECT_FALSE(Range("10.0.0.0/8").Contains(Ip("11.0.0.0")));
  EXPECT_TRUE(Range("10.0.0.0/8").Contains(Ip("::ffff:10.1.2.3")));
  EXPECT_TRUE(Range("fd00::/8").Contains(Ip("fdff::1")));
  EXPECT_FALSE(Range("fd00::/8").Contains(Ip("10.0.0.1")));
  EXPECT_TRUE(Range("192.168.1.1").Contains(Ip("192.168.1.1")));
  EXPECT_FALSE(Range("192.168.1.1").Contains(Ip("192.168.1.2")));
}

TEST(IpRange, ZeroBitsAreAllOfTheirFamily) {
  EXPECT_TRUE(Range("0.0.0.0/0").Contains(Ip("1.2.3.4")));
  EXPECT_FALSE(Range("0.0.0.0/0").Contains(Ip("fd00::1")));
  EXPECT_TRUE(Range("::/0").Contains(Ip("fd00::1")));
  EXPECT_FALSE(Range("::/0").Contains(Ip("1.2.3.4")));
}

TEST(IpRange, WritesItselfAsItIsRead) {
  for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "::1", "10.0.0.1"}) {
    EXPECT_EQ(Range(text).ToString(), text);
  }
  EXPECT_EQ(Range("10.0.0.1/32").ToString(), "10.0.0.1");
}

TEST(IpRange, ErrorsSayWhatWasExpected) {
  EXPECT_EQ(IpRange::Parse("10.1.0.0/8").error(),
            "'10.1.0.0/8' has bits behind its prefix; expected 10.0.0.0/8");
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1",
                           "10.0.0.0/8/8", "example.com"}) {
    const auto range = IpRange::Parse(text);
    ASSERT_FALSE(range) << text;
    EXPECT_NE(range.error().find("expected an address range"), std::string::npos) << text;
  }
}

TEST(IpRange, CoversSmallerOnes) {
  EXPECT_TRUE(Range("10.0.0.0/8").Covers(Range("10.1.0.0/16")));
  EXPECT_TRUE(Range("10.0.0.0/8").Covers(Range("10.0.0.0/8")));
  EXPECT_FALSE(Range("10.1.0.0/16").Covers(Range("10.0.0.0/8")));
}

}  // namespace
}  // namespace sluice::base
