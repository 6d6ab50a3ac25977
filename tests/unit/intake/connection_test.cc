// Connections and their requests over real sockets: heads, refusals, dials, responses.
#include "sluice/intake/connection.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>

#include "sluice/net/tcp_stream.h"

#include "intake/connection_harness.h"
#include "leg/fake_stream.h"
#include "net/sockets.h"
#include "websocket/client_frames.h"

namespace sluice::intake {
namespace {

using base::Cause;
using net::testing::Available;
using net::testing::ListeningOnLoopback;
using net::testing::PortOf;
using net::testing::SendAll;
using net::testing::Tcp;
using testing::kPageText;
using websocket::testing::Binary;

std::string Upgrade(std::string_view path = "/ws", std::string_view more = "") {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(more) + "\r\n";
}

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    config.listeners.push_back({Tcp("127.0.0.1", 0)});
    config.hosts = {"*"};
    config.backends.push_back({"b", {}});
    settings::Route route;
    route.name = "ws";
    route.match.path = {false, "/ws"};
    route.backend = 0;
    config.routes.push_back(route);
    settings::Route page;
    page.name = "page";
    page.match.path = {false, "/"};
    page.is_console = true;
    config.routes.push_back(page);
  }

  settings::SessionOptions& options() { return config.routes[0].options; }
  void AddServer(uint16_t port) { config.backends[0].servers.push_back({Tcp("127.0.0.1", port)}); }

  /// A client connects.
  void Accept() {
    if (config.backends[0].servers.empty()) AddServer(PortOf(listener));
    if (!worker.generation) worker.Use(config, resolver);
    net::Fd ours;
    std::tie(ours, client) = net::testing::Pair();
    worker.Accept(std::make_unique<net::TcpStream>(loop, std::move(ours)), address);
  }
  bool RunUntil(const std::function<bool()>& done) { return net::testing::RunUntil(loop, done); }

  /// What the client has got when it ends with `tail`.
  std::string AnswerUntil(std::string_view tail) {
    std::string got;
    EXPECT_TRUE(RunUntil([&] { return (got += Available(client)).ends_with(tail); })) << got;
    return got;
  }
  /// What the client gets until the FIN behind it.
  std::string WholeAnswer() {
    std::string got;
    EXPECT_TRUE(RunUntil([&] {
      got += Available(client);
      return net::testing::AtEnd(client);
    })) << got;
    return got;
  }
  /// Whether the backend has been dialled.
  bool HasBackendConnection() const {
    pollfd entry{.fd = listener.get(), .events = POLLIN, .revents = 0};
    return poll(&entry, 1, 0) == 1;
  }
  uint64_t Refused(Cause cause) const {
    return metrics.listeners[0].requests_refused[static_cast<size_t>(cause)].Value();
  }
  void ExpectGone() {
    client.Reset();
    EXPECT_TRUE(RunUntil([&] { return worker.connections.empty(); }));
    EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 0u);
  }

  settings::Config config;
  net::Address address;                ///< the next client's
  leg::testing::FakePeer fake_client;  ///< without a socket; outlives the worker
  testing::FakeWorker worker;
  net::EventLoop& loop = worker.loop;
  std::shared_ptr<dns::Resolver> resolver = *dns::Resolver::Create(loop, {});
  metrics::WorkerMetrics& metrics = worker.metrics;
  base::testing::RecordingLog& log = worker.log;
  const net::Fd listener = ListeningOnLoopback();
  net::Fd client;
};

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

constexpr std::string_view kGetPage = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

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

TEST_F(ConnectionTest, AConnectionDroppedUnusedIsNothing) {
  for (const char* part : {"", "GET /w"}) {
    Accept();
    SendAll(client, part);
    net::testing::RunTurns(loop, 2);
    ExpectGone();
  }
  EXPECT_TRUE(log.lines.empty());
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

TEST_F(ConnectionTest, ADrainAnswersAnUnfinishedHead) {
  Accept();
  SendAll(client, "GET /ws");
  net::testing::RunTurns(loop, 2);
  worker.Drain();
  EXPECT_TRUE(WholeAnswer().starts_with("HTTP/1.1 503 "));
  ExpectGone();
  EXPECT_TRUE(RunUntil([&] { return worker.connections.empty(); }));
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
  worker.sessions.ForEach([](session::Session& session) { session.Cut(); });
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
