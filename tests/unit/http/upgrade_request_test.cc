#include "sluice/http/upgrade_request.h"

#include <gtest/gtest.h>

#include "sluice/http/request_parser.h"

namespace sluice::http {
namespace {

TEST(UpgradeRequestTest, HasWhatRfc6455AsksFor) {
  EXPECT_EQ(WriteUpgradeRequest({.host = "chat.example.com:8080",
                                 .target = "/room?id=1",
                                 .key = "dGhlIHNhbXBsZSBub25jZQ=="}),
            "GET /room?id=1 HTTP/1.1\r\n"
            "Host: chat.example.com:8080\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "\r\n");
}

TEST(UpgradeRequestTest, IsOneThatSluiceItselfTakes) {
  const std::vector<Header> headers = {{"Authorization", "Bearer x"}, {"X-A", "b"}};
  const std::string request = WriteUpgradeRequest({.host = "[::1]:81",
                                                   .target = "/",
                                                   .key = "dGhlIHNhbXBsZSBub25jZQ==",
                                                   .subprotocol = "mqtt",
                                                   .origin = "https://app.example.com",
                                                   .headers = &headers});
  RequestParser parser({1024, 4096, 20});
  ASSERT_TRUE(parser.Feed(base::AsBytes(request)));
  ASSERT_TRUE(parser.done());
  EXPECT_TRUE(parser.head().WantsUpgrade());
  EXPECT_EQ(parser.head().host, "[::1]:81");
  EXPECT_EQ(parser.head().Find("Sec-WebSocket-Protocol"), "mqtt");
  EXPECT_EQ(parser.head().Find("Origin"), "https://app.example.com");
  EXPECT_EQ(parser.head().Find("Authorization"), "Bearer x");
  EXPECT_EQ(parser.head().Find("x-a"), "b");
}

}  // namespace
}  // namespace sluice::http
