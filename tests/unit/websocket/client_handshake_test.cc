#include "sluice/websocket/client_handshake.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/websocket/handshake.h"

namespace sluice::websocket {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSampleKey = "dGhlIHNhbXBsZSBub25jZQ==";  // Of RFC 6455 section 1.3.

UpgradeAnswer GoodAnswer() {
  return {.status = 101,
          .upgrade = "WebSocket",
          .connection = "keep-alive, upgrade",
          .accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
          .protocol = {},
          .extensions = {}};
}

std::string FaultOf(const UpgradeAnswer& answer, std::string_view subprotocol = {}) {
  const auto checked = CheckAnswer(answer, kSampleKey, subprotocol);
  return checked ? "" : checked.error();
}

TEST(ClientHandshakeTest, MakesKeysThatServersTake) {
  const std::array<uint8_t, 16> sample = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p',
                                          'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
  EXPECT_EQ(KeyOf(sample), kSampleKey);
  EXPECT_TRUE(IsValidKey(KeyOf({})));
}

TEST(ClientHandshakeTest, TakesAGoodAnswer) {
  EXPECT_EQ(FaultOf(GoodAnswer()), "");
}

TEST(ClientHandshakeTest, AgreesOnHalfCloseAndOnNothingElse) {
  UpgradeAnswer answer = GoodAnswer();
  EXPECT_FALSE(CheckAnswer(answer, kSampleKey, {})->has_half_close);
  answer.extensions = "x-sluice-half-close";
  EXPECT_TRUE(CheckAnswer(answer, kSampleKey, {})->has_half_close);
  for (const char* other : {"x-sluice-half-close; a=1", "permessage-deflate, x-sluice-half-close",
                            "x-sluice-half-close, x-sluice-half-close", "=x"}) {
    answer.extensions = other;
    EXPECT_THAT(FaultOf(answer), HasSubstr("an extension that was not offered")) << other;
  }
}

TEST(ClientHandshakeTest, TellsTheStatusOfARefusal) {
  UpgradeAnswer answer = GoodAnswer();
  answer.status = 403;
  EXPECT_EQ(FaultOf(answer), "the server answered the upgrade with status 403");
  answer.status = 200;
  EXPECT_EQ(FaultOf(answer), "the server answered the upgrade with status 200");
}

TEST(ClientHandshakeTest, FollowsNoRedirect) {
  UpgradeAnswer answer = GoodAnswer();
  answer.status = 301;
  answer.location = "https://elsewhere.example.com/\x1b[31m";
  EXPECT_EQ(FaultOf(answer),
            "the server answered the upgrade with status 301 (redirects are not followed) to "
            "https://elsewhere.example.com/?[31m");
}

TEST(ClientHandshakeTest, ChecksWhatSection41Demands) {
  UpgradeAnswer answer = GoodAnswer();
  answer.upgrade = "h2c";
  EXPECT_THAT(FaultOf(answer), HasSubstr("Upgrade header"));
  answer = GoodAnswer();
  answer.connection = "close";
  EXPECT_THAT(FaultOf(answer), HasSubstr("Connection header"));
  answer = GoodAnswer();
  answer.accept = "";
  EXPECT_THAT(FaultOf(answer), HasSubstr("Sec-WebSocket-Accept"));
  answer.accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=";
  EXPECT_THAT(FaultOf(answer), HasSubstr("Sec-WebSocket-Accept"));
  answer = GoodAnswer();
  answer.extensions = "permessage-deflate";
  EXPECT_THAT(FaultOf(answer), HasSubstr("an extension that was not offered"));
}

TEST(ClientHandshakeTest, TakesTheSubprotocolThatWasOfferedOrNone) {
  UpgradeAnswer answer = GoodAnswer();
  EXPECT_EQ(FaultOf(answer, "mqtt"), "");
  answer.protocol = "mqtt";
  EXPECT_EQ(FaultOf(answer, "mqtt"), "");
  EXPECT_THAT(FaultOf(answer, "stomp"), HasSubstr("subprotocol that was not offered: mqtt"));
  EXPECT_THAT(FaultOf(answer), HasSubstr("subprotocol that was not offered"));
}

}  // namespace
}  // namespace sluice::websocket
