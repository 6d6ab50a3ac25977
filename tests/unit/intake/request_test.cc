// Requests over real sockets: upgrades, hosts, dials, places.
#include "sluice/intake/request.h"

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "intake/connection_fixture.h"
#include "net/sockets.h"
#include "websocket/client_frames.h"

namespace sluice::intake {
namespace {

using base::Cause;
using net::testing::Available;
using net::testing::PortOf;
using net::testing::SendAll;
using testing::ConnectionTest;
using testing::Upgrade;
using websocket::testing::Binary;

TEST_F(ConnectionTest, BecomesASession) {
  Accept();
  SendAll(client, Upgrade("/ws", "Sec-WebSocket-Protocol: binary\r\n"));
  const std::string answer = AnswerUntil("\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Protocol: binary"), std::string::npos) << answer;
  EXPECT_TRUE(worker.connections.empty());
  EXPECT_EQ(worker.sessions.size(), 1u);
  EXPECT_EQ(metrics.servers[0].dials_succeeded.Value(), 1u);
  EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 1u) << "the session's now";
}

TEST_F(ConnectionTest, CompressionIsAgreedOnWhereItIsEnabled) {
  options().compression.enabled = true;
  Accept();
  SendAll(client,
          Upgrade("/ws",
                  "Sec-WebSocket-Extensions: x-unknown\r\n"
                  "Sec-WebSocket-Extensions: permessage-deflate; x, permessage-deflate\r\n"));
  const std::string answer = AnswerUntil("\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Extensions: permessage-deflate;"), std::string::npos)
      << answer;
}

TEST_F(ConnectionTest, NoCompressionWhereItIsNotEnabled) {
  Accept();
  SendAll(client, Upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  const std::string answer = AnswerUntil("\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_EQ(answer.find("Sec-WebSocket-Extensions"), std::string::npos) << answer;
}

TEST_F(ConnectionTest, ExtensionsThatBreakTheGrammarAreRefused) {
  Accept();
  SendAll(client, Upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate;;\r\n"));
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(Refused(Cause::kBadRequest), 1u);
  ExpectGone();
}

TEST_F(ConnectionTest, EarlyFramesReachTheBackend) {
  Accept();
  SendAll(client, Upgrade() + Binary("with the head"));
  AnswerUntil("\r\n\r\n");
  const net::Fd peer = net::testing::AcceptFrom(listener);
  std::string got;
  EXPECT_TRUE(RunUntil([&] { return (got += Available(peer)) == "with the head"; })) << got;
}

TEST_F(ConnectionTest, RefusesAHostThatTheListenerDoesNotServe) {
  config.hosts.reset();
  const auto ask = [this](std::string_view target, std::string_view host) {
    Accept();
    SendAll(client, "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) +
                        "\r\nConnection: close\r\n\r\n");
    return WholeAnswer();
  };
  EXPECT_TRUE(ask("/", "localhost:1").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask("/", "10.0.0.1").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(log.lines.empty());
  for (const char* target : {"/", "/ws", "/nowhere"}) {
    EXPECT_TRUE(ask(target, "Evil.Example:80").starts_with("HTTP/1.1 421 ")) << target;
  }
  EXPECT_EQ(Refused(Cause::kHostNotAllowed), 3u);
  ASSERT_FALSE(log.lines.empty());
  EXPECT_EQ(log.lines[0]["reason"], "host_not_allowed");
  EXPECT_EQ(log.lines[0]["host"], "Evil.Example:80");
  // The target in absolute form comes before the Host (RFC 9112 section 3.2.2).
  EXPECT_TRUE(ask("http://evil.example/", "localhost").starts_with("HTTP/1.1 421 "));
}

TEST_F(ConnectionTest, TheNextServerIsTried) {
  const net::Fd refusing = net::testing::Bound(SOCK_STREAM);
  AddServer(PortOf(refusing));
  AddServer(PortOf(listener));
  Accept();
  SendAll(client, Upgrade());
  EXPECT_TRUE(AnswerUntil("\r\n\r\n").starts_with("HTTP/1.1 101 "));
  const auto refused = static_cast<size_t>(Cause::kBackendRefused);
  EXPECT_EQ(metrics.servers[0].dials_failed[refused].Value(), 1u);
  EXPECT_EQ(metrics.servers[1].dials_succeeded.Value(), 1u);
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_EQ(log.lines[0].event, "dial_failed");
  EXPECT_EQ(log.lines[0]["reason"], "backend_refused");
}

TEST_F(ConnectionTest, AFailedDialIsToldByAClose) {
  const net::Fd refusing = net::testing::Bound(SOCK_STREAM);
  AddServer(PortOf(refusing));
  Accept();
  SendAll(client, Upgrade());
  const std::string answer = AnswerUntil("backend_refused");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_TRUE(
      answer.ends_with("\r\n\r\n\x88\x11\x03\xf6"
                       "backend_refused"))
      << answer;
}

TEST_F(ConnectionTest, AFailedDialIsToldByAStatus) {
  const net::Fd refusing = net::testing::Bound(SOCK_STREAM);
  AddServer(PortOf(refusing));
  options().on_dial_failure = settings::OnDialFailure::kHttp;
  Accept();
  SendAll(client, Upgrade());
  const std::string answer = WholeAnswer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 502 ")) << answer;
  EXPECT_EQ(answer.find("127.0.0.1"), std::string::npos) << "addresses are nobody's business";
  ExpectGone();
}

TEST_F(ConnectionTest, EveryServerHasATimeOutHoweverShort) {
  const net::testing::Unanswering one, other;
  AddServer(one.port());
  AddServer(other.port());
  options().connect_timeout = base::Duration(1);  // Shared by two, that is nothing for each.
  Accept();
  SendAll(client, Upgrade());
  EXPECT_TRUE(AnswerUntil("backend_connect_timeout").starts_with("HTTP/1.1 101 "));
}

TEST_F(ConnectionTest, ADrainTellsASessionThatIsJustBeingDialled) {
  Accept();
  SendAll(client, Upgrade());
  // Being dialled, or just a session: it is told alike.
  while (worker.sessions.empty() && !HasBackendConnection()) net::testing::RunTurns(loop, 1);
  worker.Drain();
  EXPECT_TRUE(AnswerUntil("drain").starts_with("HTTP/1.1 101 "));
}

TEST_F(ConnectionTest, AClientThatLeavesDuringTheDialIsNoticed) {
  const net::testing::Unanswering dead;
  AddServer(dead.port());
  for (const bool is_reset : {false, true}) {
    Accept();
    SendAll(client, Upgrade());
    net::testing::RunTurns(loop, 5);
    EXPECT_EQ(worker.connections.size(), 1u);
    if (is_reset) {
      net::testing::ResetConnection(std::move(client));
    } else {
      client.Reset();
    }
    ASSERT_TRUE(RunUntil([&] { return worker.connections.empty(); }));
    EXPECT_EQ(log.lines.back().event, "client_left");
    EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 0u);
  }
}

TEST_F(ConnectionTest, ASessionTooManyIsRefusedUntilThereIsRoom) {
  options().session_limits.all = 1;
  Accept();
  SendAll(client, Upgrade());
  AnswerUntil("\r\n\r\n");
  const net::Fd first = std::move(client);
  Accept();
  SendAll(client, Upgrade());
  const std::string answer = WholeAnswer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_EQ(Refused(Cause::kRouteSessions), 1u);
  EXPECT_EQ(worker.quota.sessions(), 1u);
  worker.sessions.ForEach([](session::Session& session) { session.Abort(); });
  EXPECT_TRUE(RunUntil([&] { return worker.quota.sessions() == 0; }));
  Accept();
  SendAll(client, Upgrade());
  EXPECT_TRUE(AnswerUntil("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

TEST_F(ConnectionTest, AFailedDialGivesItsPlaceBack) {
  const net::Fd refusing = net::testing::Bound(SOCK_STREAM);
  AddServer(PortOf(refusing));
  options().on_dial_failure = settings::OnDialFailure::kHttp;
  config.limits.sessions = 1;
  for (int i = 0; i < 2; ++i) {
    Accept();
    SendAll(client, Upgrade());
    EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(worker.quota.sessions(), 0u) << "while the client takes its time";
  }
}

}  // namespace
}  // namespace sluice::intake
