#include "sluice/http/forwarded.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ForwardedNode Node(std::string_view ip, uint16_t port = 0) {
  return {base::IpAddress::Parse(ip).value(), port};
}
const ForwardedNode kHidden;

TEST(XForwardedFor, ReadsAddressesWithAndWithoutPorts) {
  EXPECT_THAT(ParseXForwardedFor(" 192.0.2.1, 2001:db8::1 ,192.0.2.2:80,[2001:db8::2]:81 , "
                                 "[2001:db8::3]"),
              ElementsAre(Node("192.0.2.1"), Node("2001:db8::1"), Node("192.0.2.2", 80),
                          Node("2001:db8::2", 81), Node("2001:db8::3")));
  EXPECT_THAT(ParseXForwardedFor(""), IsEmpty());
}

TEST(XForwardedFor, WhatIsNoAddressHidesOne) {
  for (const char* text : {"unknown", "localhost", "192.0.2", "192.0.2.1:x:1", "fe80::1%eth0",
                           "2001:db8::1:99999", "[192.0.2.1]", "a b", "\"192.0.2.1\"", ":80"}) {
    EXPECT_THAT(ParseXForwardedFor(text), ElementsAre(kHidden)) << text;
  }
}

TEST(Forwarded, ReadsTheExamplesOfTheRfc) {
  const struct {
    const char* value;
    std::vector<ForwardedNode> nodes;
  } rows[] = {
      {"for=\"_gazonk\"", {kHidden}},
      {"For=\"[2001:db8:cafe::17]:4711\"", {Node("2001:db8:cafe::17", 4711)}},
      {"for=192.0.2.60;proto=http;by=203.0.113.43", {Node("192.0.2.60")}},
      {"for=192.0.2.43, for=198.51.100.17", {Node("192.0.2.43"), Node("198.51.100.17")}},
      {"for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown",
       {Node("192.0.2.43"), Node("2001:db8:cafe::17"), kHidden}},
      {"for=_hidden, for=_SEVKISEK", {kHidden, kHidden}},
      {"for=\"192.0.2.43:47011\"", {Node("192.0.2.43", 47011)}},
      {"for=\"192.0.2.43:_port\"", {Node("192.0.2.43")}},
      {"for=192.0.2.43;proto=http;by=\"a,;\\\"b\" , ,by=x;", {Node("192.0.2.43"), kHidden}},
      {"", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(ParseForwarded(row.value), row.nodes) << row.value;
}

TEST(Forwarded, SaysWhetherThePageUsedTls) {
  const auto is_https = [](std::string_view value) {
    return ParseForwarded(value)->at(0).is_https;
  };
  EXPECT_TRUE(is_https("for=192.0.2.1;proto=https"));
  EXPECT_TRUE(is_https("Proto=\"HTTPS\";for=192.0.2.1"));
  EXPECT_FALSE(is_https("for=192.0.2.1;proto=http"));
  EXPECT_FALSE(is_https("for=192.0.2.1"));
  EXPECT_FALSE(is_https("for=192.0.2.1, for=192.0.2.2;proto=https"));
  EXPECT_TRUE(IsForwardedHttps(" HTTPS"));
  for (const char* value : {"", "http", "https, http", "https,https", "wss"}) {
    EXPECT_FALSE(IsForwardedHttps(value)) << value;
  }
}

TEST(Forwarded, TakesNothingOfWhatBreaksTheGrammar) {
  for (const char* value :
       {"for", "for=", "for=\"192.0.2.1", "for=\"a\\", "for=1;for=2", "=1", "for=1 for=2", "for =1",
        "for=[2001:db8::1]", "for=1\x01", "\"for\"=1"}) {
    EXPECT_EQ(ParseForwarded(value), std::nullopt) << value;
  }
}

TEST(ClientAmong, IsTheRightMostThatIsNoTrustedProxy) {
  const auto is_trusted = [](const base::IpAddress& ip) {
    return base::IpRange::Parse("10.0.0.0/8")->Contains(ip);
  };
  const struct {
    const char* what;
    const char* header;
    std::optional<ForwardedNode> client;
  } rows[] = {
      {"one", "192.0.2.1", Node("192.0.2.1")},
      {"spoofed by the client", "127.0.0.1, 10.0.0.9, 192.0.2.1", Node("192.0.2.1")},
      {"behind two proxies", "203.0.113.9, 192.0.2.1, 10.0.0.1", Node("192.0.2.1")},
      {"proxies alone", "10.0.0.3, 10.0.0.2", Node("10.0.0.3")},
      {"hidden", "192.0.2.1, unknown, 10.0.0.2", Node("10.0.0.2")},
      {"hidden by the last", "192.0.2.1, unknown", std::nullopt},
      {"nothing", "", std::nullopt},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(ClientAmong(ParseXForwardedFor(row.header), is_trusted), row.client) << row.what;
  }
}

}  // namespace
}  // namespace sluice::http
