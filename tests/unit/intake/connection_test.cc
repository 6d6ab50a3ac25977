// Connections over real sockets: before the request, and whether there is room.
#include "sluice/intake/connection.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "intake/connection_fixture.h"
#include "net/sockets.h"
#include "websocket/client_frames.h"

namespace sluice::intake {
namespace {

using base::Cause;
using net::testing::Available;
using net::testing::SendAll;
using testing::ConnectionTest;
using testing::Upgrade;
using websocket::testing::Binary;

TEST_F(ConnectionTest, AConnectionDroppedUnusedIsNothing) {
  for (const char* part : {"", "GET /w"}) {
    Accept();
    SendAll(client, part);
    net::testing::RunTurns(loop, 2);
    ExpectGone();
  }
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(ConnectionTest, CutEndsWhateverTheState) {
  const net::testing::Unanswering dead;
  AddServer(dead.port());
  for (const std::string& request : {std::string("GET"), Upgrade(), Upgrade("/nowhere")}) {
    Accept();
    SendAll(client, request);
    net::testing::RunTurns(loop, 5);
    EXPECT_EQ(worker.connections.size(), 1u);
    worker.Cut();
    EXPECT_TRUE(worker.connections.empty());
    EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 0u);
    net::testing::RunTurns(loop, 3);
  }
}

// ---- Where proxies stand in front ----

constexpr std::string_view kProxyHeader = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

class BehindALoadBalancerTest : public ConnectionTest {
 protected:
  BehindALoadBalancerTest() {
    address = *net::Address::Parse("10.0.0.1", 1000);
    config.listeners[0].proxy_protocol = {
        .is_required = true, .from = {.ranges = {*base::IpRange::Parse("10.0.0.0/8")}}};
  }
  uint64_t Headers(metrics::ProxyHeader result) const {
    return metrics.listeners[0].proxy_headers[static_cast<size_t>(result)].Value();
  }
};

TEST_F(BehindALoadBalancerTest, AHeaderMayTrickle) {
  Accept();
  for (const char byte : std::string(kProxyHeader) + Upgrade()) {
    SendAll(client, {&byte, 1});
    net::testing::RunTurns(loop, 2);
  }
  EXPECT_TRUE(AnswerUntil("\r\n\r\n").starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(Headers(metrics::ProxyHeader::kTaken), 1u);
}

TEST_F(BehindALoadBalancerTest, WhatFollowsInTheSameSegmentIsNotLost) {
  Accept();
  SendAll(client, std::string(kProxyHeader) + Upgrade() + Binary("with the head"));
  AnswerUntil("\r\n\r\n");
  const net::Fd peer = net::testing::AcceptFrom(listener);
  std::string got;
  EXPECT_TRUE(RunUntil([&] { return (got += Available(peer)) == "with the head"; })) << got;
}

TEST_F(BehindALoadBalancerTest, TheClientIsTheOneInTheHeader) {
  Accept();
  SendAll(client, std::string(kProxyHeader) + Upgrade("/nowhere"));
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 404 "));
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_EQ(log.lines[0]["client"], "192.0.2.1:56324");
  ExpectGone();
}

TEST_F(BehindALoadBalancerTest, AStrangerIsRefusedUnheard) {
  address = *net::Address::Parse("192.0.2.9", 1000);
  Accept();
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(Headers(metrics::ProxyHeader::kUntrusted), 1u);
  EXPECT_EQ(log.lines.at(0)["client"], "192.0.2.9:1000");
  ExpectGone();
}

TEST_F(BehindALoadBalancerTest, AHealthCheckIsNothing) {
  Accept();
  SendAll(client, "PROXY UNKNOWN\r\n");
  net::testing::RunTurns(loop, 2);
  ExpectGone();
  EXPECT_EQ(Headers(metrics::ProxyHeader::kLocal), 1u);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(BehindALoadBalancerTest, ADrainAndACutEndItInItsHeader) {
  for (const bool is_drain : {true, false}) {
    Accept();
    SendAll(client, kProxyHeader.substr(0, 20));
    net::testing::RunTurns(loop, 2);
    if (is_drain) {
      worker.connections.ForEach([](Connection& connection) { connection.Drain(); });
    } else {
      worker.Cut();
    }
    EXPECT_TRUE(worker.connections.empty());
    EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 0u);
    net::testing::RunTurns(loop, 3);
  }
}

TEST_F(BehindALoadBalancerTest, TheDeadlineIsOverTheHeaderToo) {
  config.handshake_timeout = base::Duration(30);
  Accept();
  SendAll(client, kProxyHeader.substr(0, 20));
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 408 "));
  ExpectGone();
}

// ---- Whether there is room ----

TEST_F(ConnectionTest, AConnectionTooManyIsRefusedUnheard) {
  config.limits.handshake_rate = {.interval = std::chrono::seconds(10), .burst = 1};
  address = *net::Address::Parse("2001:db8::1", 1);
  Accept();
  client.Reset();
  address = *net::Address::Parse("2001:db8::2", 2);  // The same /64.
  Accept();
  const std::string answer = WholeAnswer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 ")) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: 10\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << "the request may be HEAD: " << answer;
  EXPECT_EQ(Refused(Cause::kHandshakeRate), 1u);
  ExpectGone();
  address = *net::Address::Parse("2001:db8:0:1::1", 1);
  Accept();
  SendAll(client, Upgrade());
  EXPECT_TRUE(AnswerUntil("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

TEST_F(BehindALoadBalancerTest, TheRateIsTheClients) {
  config.limits.handshake_rate = {.interval = std::chrono::hours(1), .burst = 1};
  for (const char* port : {"1", "2"}) {
    Accept();
    SendAll(client,
            "PROXY TCP4 192.0.2." + std::string(port) + " 198.51.100.7 1 2\r\n" + Upgrade());
    EXPECT_TRUE(AnswerUntil("\r\n\r\n").starts_with("HTTP/1.1 101 "));
  }
  Accept();
  SendAll(client, "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\n");
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 429 "));
}

TEST_F(ConnectionTest, AFloodOfRefusalsIsLoggedInPart) {
  for (int i = 0; i < 40; ++i) {
    Accept();
    SendAll(client, Upgrade("/nowhere"));
    EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 404 "));
    ExpectGone();
  }
  EXPECT_EQ(Refused(Cause::kNoRoute), 40u);
  EXPECT_GE(log.lines.size(), 10u);
  EXPECT_LT(log.lines.size(), 40u);
}

}  // namespace
}  // namespace sluice::intake
