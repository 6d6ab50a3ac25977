// HTTP/1.1 on a connection: heads, responses, keep-alive.
#include "intake/http1.h"

#include <string>

#include <gtest/gtest.h>

#include "intake/connection_fixture.h"
#include "net/sockets.h"

namespace sluice::intake {
namespace {

using base::Cause;
using net::testing::Available;
using net::testing::SendAll;
using testing::ConnectionTest;
using testing::kGetPage;
using testing::kPageText;
using testing::Upgrade;

TEST_F(ConnectionTest, AHeadMayTrickle) {
  Accept();
  for (const char byte : Upgrade()) {
    SendAll(client, {&byte, 1});
    net::testing::RunTurns(loop, 2);
  }
  EXPECT_TRUE(AnswerUntil("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

TEST_F(ConnectionTest, OneDeadlineIsOverTheWholeHead) {
  config.handshake_timeout = base::Duration(40);
  Accept();
  const std::string head = Upgrade();
  size_t sent = 0;
  std::string got;
  // Each byte comes in time, the whole does not.
  ASSERT_TRUE(RunUntil([&] {
    if (got.empty() && sent < head.size() - 1) SendAll(client, head.substr(sent++, 1));
    return !(got += Available(client)).empty();
  }));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 408 ")) << got;
  EXPECT_EQ(Refused(Cause::kHandshakeTimeout), 1u);
  ExpectGone();
}

TEST_F(ConnectionTest, Refusals) {
  const struct {
    std::string request;
    const char* status;
    Cause cause;
  } rows[] = {
      {Upgrade("/nowhere"), "404", Cause::kNoRoute},
      {Upgrade("/"), "404", Cause::kNoRoute},
      {"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "426", Cause::kUpgradeRequired},
      {Upgrade("/ws", "Origin: http://evil.example\r\n"), "403", Cause::kOriginNotAllowed},
      {Upgrade("/ws", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "400",
       Cause::kBadRequest},
      {"POST /ws HTTP/1.1\r\nHost: x\r\n\r\n", "405", Cause::kMethodNotAllowed},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.request);
    log.lines.clear();
    Accept();
    SendAll(client, row.request);
    const std::string answer = WholeAnswer();
    EXPECT_EQ(answer.substr(0, 12), std::string("HTTP/1.1 ") + row.status);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_GE(Refused(row.cause), 1u);
    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_EQ(log.lines[0].event, "refused");
    EXPECT_EQ(log.lines[0]["code"], row.status);
    EXPECT_EQ(log.lines[0]["reason"], base::ReasonOf(row.cause));
    ExpectGone();
  }
}

TEST_F(ConnectionTest, ServesThePage) {
  Accept();
  SendAll(client, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = WholeAnswer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with(kPageText));
  EXPECT_EQ(metrics.listeners[0].pages_served.Value(), 1u);
  EXPECT_TRUE(log.lines.empty());
  ExpectGone();
}

TEST_F(ConnectionTest, AnswersHeadWithTheHeadersOfThePage) {
  Accept();
  SendAll(client, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = WholeAnswer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_NE(answer.find("\r\nContent-Length: 6\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_EQ(metrics.listeners[0].pages_served.Value(), 1u);
  ExpectGone();
}

TEST_F(ConnectionTest, IsKeptAliveAfterAPageAndAfterARefusal) {
  Accept();
  SendAll(client, kGetPage);
  const std::string first = AnswerUntil(kPageText);
  EXPECT_EQ(first.find("Connection:"), std::string::npos) << first;
  SendAll(client, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(AnswerUntil("no route matches this request\n").starts_with("HTTP/1.1 404 "));
  // Two requests at once, and an upgrade after them.
  SendAll(client, std::string(kGetPage) + std::string(kGetPage) + Upgrade());
  const std::string rest = AnswerUntil("\r\n\r\n");
  EXPECT_NE(rest.find("HTTP/1.1 101 "), std::string::npos) << rest;
  EXPECT_EQ(metrics.listeners[0].pages_served.Value(), 3u);
  EXPECT_EQ(worker.sessions.size(), 1u);
}

TEST_F(ConnectionTest, IsClosedAfterARequestWithContent) {
  for (const char* field : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
    Accept();
    SendAll(client, "GET / HTTP/1.1\r\nHost: x\r\n" + std::string(field) + "\r\n\r\n");
    EXPECT_NE(WholeAnswer().find("Connection: close"), std::string::npos) << field;
    ExpectGone();
  }
}

TEST_F(ConnectionTest, AnIdleConnectionIsClosedWithoutALogLine) {
  config.handshake_timeout = base::Duration(50);
  Accept();
  SendAll(client, kGetPage);
  EXPECT_TRUE(WholeAnswer().ends_with(kPageText));
  EXPECT_TRUE(log.lines.empty());
  EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 0u);
}

TEST_F(ConnectionTest, ADrainClosesAnIdleConnection) {
  Accept();
  SendAll(client, kGetPage);
  AnswerUntil(kPageText);
  worker.Drain();
  EXPECT_EQ(WholeAnswer(), "");
  ExpectGone();
}

TEST_F(ConnectionTest, AReloadEndsKeepAlive) {
  Accept();
  SendAll(client, kGetPage);
  AnswerUntil(kPageText);
  const auto end = [](Connection& connection) { connection.EndKeepAlive(); };
  worker.connections.ForEach(end);
  EXPECT_EQ(WholeAnswer(), "") << "it was idle";
  ExpectGone();

  Accept();
  SendAll(client, "GET / HT");
  net::testing::RunTurns(loop, 2);
  worker.connections.ForEach(end);
  SendAll(client, "TP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(WholeAnswer().find("Connection: close"), std::string::npos);
  ExpectGone();
}

TEST_F(ConnectionTest, AReloadDuringAResponseEndsTheConnectionAfterIt) {
  worker.Use(config, resolver);
  Connection& connection = worker.Accept(fake_client.Connect());
  fake_client.TakeNothing();
  fake_client.Send(std::string(kGetPage) + Upgrade());
  connection.EndKeepAlive();
  fake_client.Take();
  EXPECT_TRUE(fake_client.written().ends_with(kPageText)) << fake_client.written();
  EXPECT_TRUE(fake_client.fin_seen());
  EXPECT_TRUE(worker.sessions.empty());
}

TEST_F(ConnectionTest, AnEmptyLineAfterARequestIsNoRequest) {
  config.handshake_timeout = base::Duration(50);
  Accept();
  SendAll(client, std::string(kGetPage) + "\r\n");
  EXPECT_TRUE(WholeAnswer().ends_with(kPageText)) << "and no 408 behind it";
  EXPECT_EQ(Refused(Cause::kHandshakeTimeout), 0u);
}

TEST_F(ConnectionTest, TheNumberOfRequestsIsBounded) {
  Accept();
  std::string answer;
  for (int i = 0; i < 100; ++i) {
    SendAll(client, kGetPage);
    answer = AnswerUntil(kPageText);
  }
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  ExpectGone();
}

TEST_F(ConnectionTest, EveryRequestCountsForTheRate) {
  config.limits.handshake_rate = settings::Rate{.interval = std::chrono::hours(1), .burst = 2};
  address = net::Address::From(*base::IpAddress::Parse("192.0.2.1"), 1);
  Accept();
  for (int i = 0; i < 2; ++i) {
    SendAll(client, kGetPage);
    AnswerUntil(kPageText);
  }
  SendAll(client, kGetPage);
  EXPECT_TRUE(AnswerUntil("short time\n").starts_with("HTTP/1.1 429 "));
}

TEST_F(ConnectionTest, APageThatTheClientReadsSlowlyIsComplete) {
  if (!worker.generation) worker.Use(config, resolver);
  worker.Accept(fake_client.Connect());
  fake_client.TakeNothing();
  fake_client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  for (int i = 0; i < 1000 && !fake_client.fin_seen(); ++i) fake_client.Take(1);
  EXPECT_TRUE(fake_client.fin_seen());
  EXPECT_TRUE(fake_client.written().starts_with("HTTP/1.1 200 ")) << fake_client.written();
  EXPECT_TRUE(fake_client.written().ends_with(kPageText)) << fake_client.written();
}

TEST_F(ConnectionTest, ADrainAnswersAnUnfinishedHead) {
  Accept();
  SendAll(client, "GET /ws");
  net::testing::RunTurns(loop, 2);
  worker.Drain();
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 503 "));
  ExpectGone();
  EXPECT_TRUE(RunUntil([&] { return worker.connections.empty(); }));
}

TEST_F(ConnectionTest, ABodyThatIsStillComingDoesNotEatTheAnswer) {
  Accept();
  SendAll(client, "POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  SendAll(client, std::string(50'000, 'x'));
  std::string got;
  ASSERT_TRUE(RunUntil([&] {
    got += Available(client);
    return net::testing::AtEnd(client);
  }));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 4")) << got;
  SendAll(client, std::string(50'000, 'x'));  // Is still taken: the connection is not reset.
  ExpectGone();
}

}  // namespace
}  // namespace sluice::intake
