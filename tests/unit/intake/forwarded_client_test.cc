#include "sluice/intake/forwarded_client.h"

#include <string>

#include <gtest/gtest.h>

#include "sluice/base/bytes.h"
#include "sluice/http/request_parser.h"

namespace sluice::intake {
namespace {

http::RequestHead HeadWith(const std::string& lines) {
  http::RequestParser parser({8192, 16384, 100});
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
  EXPECT_TRUE(parser.Feed(base::AsBytes(text)));
  EXPECT_TRUE(parser.done());
  return parser.head();
}

settings::TrustedProxies ProxiesWith(settings::ForwardedHeader header) {
  settings::TrustedProxies proxies;
  proxies.from.ranges.push_back(*base::IpRange::Parse("10.0.0.0/8"));
  proxies.header = header;
  return proxies;
}

TEST(ForwardedClient, IsTheLastAddressThatIsNoTrustedProxy) {
  const auto client = ReadForwarded(
      ProxiesWith(settings::ForwardedHeader::kXForwardedFor),
      HeadWith("X-Forwarded-For: 203.0.113.9, 192.0.2.7, 10.0.0.2\r\nX-Forwarded-Proto: https\r\n"
               "Forwarded: for=198.51.100.1\r\n"));
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->node);
  EXPECT_EQ(client->node->ip->ToString(), "192.0.2.7");
  EXPECT_TRUE(client->uses_tls);
}

TEST(ForwardedClient, OfTheStandardHeaderHasItsOwnScheme) {
  const auto proxies = ProxiesWith(settings::ForwardedHeader::kForwarded);
  const auto client = ReadForwarded(
      proxies,
      HeadWith("Forwarded: for=192.0.2.7;proto=https\r\nX-Forwarded-For: 203.0.113.9\r\n"));
  ASSERT_TRUE(client && client->node);
  EXPECT_EQ(client->node->ip->ToString(), "192.0.2.7");
  EXPECT_TRUE(client->uses_tls);
  const auto plain =
      ReadForwarded(proxies, HeadWith("Forwarded: for=192.0.2.7\r\nX-Forwarded-Proto: https\r\n"));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->uses_tls);
}

TEST(ForwardedClient, IsUnknownWithoutTheHeader) {
  const auto client =
      ReadForwarded(ProxiesWith(settings::ForwardedHeader::kXForwardedFor), HeadWith(""));
  ASSERT_TRUE(client);
  EXPECT_FALSE(client->node);
  EXPECT_FALSE(client->uses_tls);
}

TEST(ForwardedClient, BreaksTheGrammar) {
  const auto client = ReadForwarded(ProxiesWith(settings::ForwardedHeader::kForwarded),
                                    HeadWith("Forwarded: for=\"192.0.2.7\r\n"));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().cause, base::Cause::kBadRequest);
}

}  // namespace
}  // namespace sluice::intake
