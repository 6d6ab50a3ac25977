// What a connection does about its TLS handshake, with a real TLS client over a fake peer. The
// handshake itself is tested in tls/stream_test.cc.
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sluice/intake/connection.h"
#include "sluice/tls/context.h"

#include "dns/no_resolver.h"
#include "intake/connection_harness.h"
#include "tls/certificates.h"
#include "tls/tls_client.h"

namespace sluice::intake {
namespace {

using leg::testing::FakePeer;
using metrics::TlsResult;
using tls::testing::TlsClient;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class ConnectionTlsTest : public ::testing::Test {
 protected:
  explicit ConnectionTlsTest(settings::TlsMode mode = settings::TlsMode::kRequired) {
    config.handshake_timeout = base::Duration(50);
    config.hosts = {"*"};
    config.listeners.push_back({{settings::Endpoint::Kind::kTcp, "127.0.0.1", 0}});
    config.listeners[0].tls.emplace().mode = mode;
    config.backends.push_back({"b", {{{settings::Endpoint::Kind::kTcp, "127.0.0.1", 9}}}});
    config.routes.emplace_back().name = "r";
    config.routes[0].match.path.is_prefix = true;
    config.routes[0].backend = 0;
    worker.Use(config, std::make_shared<dns::testing::NoResolver>());
  }
  static void SetUpTestSuite() {
    const tls::testing::CertificateDirectory files;
    auto made = tls::Context::Create({{files.Make("a", "a")}});
    ASSERT_TRUE(made) << made.error();
    context_ = *std::move(made);
  }
  static void TearDownTestSuite() { context_.reset(); }

  Connection& Accept(FakePeer& client) {
    return worker.Accept(client.Connect(), net::Address(), context_);
  }
  /// Sends what the TLS client has to send, and gives it the answer, until neither has more.
  static void Exchange(FakePeer& peer, TlsClient& client) {
    for (std::string bytes = client.Output(); !bytes.empty(); bytes = client.Output()) {
      peer.Send(bytes);
      client.TakeFrom(peer);
    }
  }
  /// The number of handshakes with that result; no other was counted.
  uint64_t Only(TlsResult result) {
    uint64_t all = 0;
    for (const auto& count : worker.metrics.listeners[0].tls_handshakes) all += count.Value();
    const auto count =
        worker.metrics.listeners[0].tls_handshakes[static_cast<size_t>(result)].Value();
    EXPECT_EQ(all, count);
    return count;
  }

  settings::Config config;
  FakePeer peer;  ///< outlives the worker
  testing::FakeWorker worker;
  static std::shared_ptr<const tls::Context> context_;
};

std::shared_ptr<const tls::Context> ConnectionTlsTest::context_;

TEST_F(ConnectionTlsTest, ARequestAfterTheHandshake) {
  TlsClient client;
  Accept(peer);
  Exchange(peer, client);
  ASSERT_TRUE(client.is_open());
  EXPECT_EQ(Only(TlsResult::kOk), 1u);
  client.Write(kRequest);
  Exchange(peer, client);
  EXPECT_EQ(client.received().substr(0, 12), "HTTP/1.1 426");
  EXPECT_EQ(Only(TlsResult::kOk), 1u) << "counted once";
}

TEST_F(ConnectionTlsTest, AResponseThatTlsKeepsIsSentBeforeTheConnectionIsIdle) {
  config.routes[0].is_console = true;
  TlsClient client;
  Connection& connection = Accept(peer);
  Exchange(peer, client);
  client.Write(kRequest);
  const std::string request = client.Output();
  peer.Take(20);  // The rest of the records stays with TLS.
  peer.Send(request);
  connection.Drain();
  peer.Take();
  client.TakeFrom(peer);
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 ")) << client.received();
  EXPECT_TRUE(client.received().ends_with(testing::kPageText)) << client.received();
}

TEST_F(ConnectionTlsTest, AFailureIsLoggedNowAndThen) {
  for (int i = 0; i < 3; ++i) {
    FakePeer old_peer;
    TlsClient old({.version = 0x0302});  // TLS 1.1
    Accept(old_peer);
    Exchange(old_peer, old);
    EXPECT_FALSE(old.is_open());
    net::testing::RunTurns(worker.loop, 2);
  }
  EXPECT_EQ(Only(TlsResult::kFailed), 3u);
  EXPECT_TRUE(worker.connections.empty());
  ASSERT_EQ(worker.log.lines.size(), 1u);
  const auto& line = worker.log.lines[0];
  EXPECT_EQ(line.event, "tls_handshake_failed");
  EXPECT_EQ(line["listener"], "127.0.0.1:0");
  EXPECT_EQ(line["client"], "unix");
  EXPECT_EQ(line["reason"], "failed");
  EXPECT_EQ(line["detail"], "unsupported protocol");
  EXPECT_EQ(line["omitted"], "0");
}

TEST_F(ConnectionTlsTest, AHandshakeThatTakesTooLongIsCut) {
  Accept(peer);
  ASSERT_TRUE(worker.RunUntil([this] { return worker.connections.empty(); }));
  EXPECT_EQ(Only(TlsResult::kTimeout), 1u);
  EXPECT_EQ(peer.written(), "") << "nothing can be sent before there are keys";
  ASSERT_EQ(worker.log.lines.size(), 1u);
  EXPECT_EQ(worker.log.lines[0]["reason"], "timeout");
  EXPECT_EQ(worker.metrics.listeners[0].connections_active.Value(), 0u);
}

TEST_F(ConnectionTlsTest, AHeadThatTakesTooLongIsAnswered) {
  TlsClient client;
  Accept(peer);
  Exchange(peer, client);
  client.Write("GET");
  Exchange(peer, client);
  ASSERT_TRUE(worker.RunUntil([this] { return peer.fin_seen(); }));
  client.TakeFrom(peer);
  EXPECT_EQ(client.received().substr(0, 12), "HTTP/1.1 408");
  EXPECT_EQ(Only(TlsResult::kOk), 1u);
}

TEST_F(ConnectionTlsTest, AClientThatLeavesDuringTheHandshakeIsCountedAndNotLogged) {
  Accept(peer);
  peer.End();
  EXPECT_EQ(Only(TlsResult::kAborted), 1u);
  EXPECT_TRUE(worker.log.lines.empty());
}

TEST_F(ConnectionTlsTest, AHandshakeThatADrainEndsIsCounted) {
  Accept(peer).Drain();
  EXPECT_EQ(Only(TlsResult::kAborted), 1u);
  EXPECT_EQ(peer.written(), "");
}

TEST_F(ConnectionTlsTest, APlainRequestIsRefused) {
  Accept(peer);
  peer.Send(kRequest);
  EXPECT_EQ(peer.written().substr(0, 12), "HTTP/1.1 400");
  EXPECT_NE(peer.written().find("this port speaks TLS: use wss:// or https://\n"),
            std::string::npos)
      << peer.written();
  EXPECT_EQ(Only(TlsResult::kNotTls), 1u);
  ASSERT_EQ(worker.log.lines.size(), 1u);
  EXPECT_EQ(worker.log.lines[0].event, "refused");
}

TEST_F(ConnectionTlsTest, APlainHeadRequestIsRefusedWithoutContent) {
  Accept(peer);
  peer.Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.written().substr(0, 12), "HTTP/1.1 400");
  EXPECT_TRUE(peer.written().ends_with("\r\n\r\n")) << peer.written();
  EXPECT_EQ(Only(TlsResult::kNotTls), 1u);
}

class AutoTlsTest : public ConnectionTlsTest {
 protected:
  AutoTlsTest() : ConnectionTlsTest(settings::TlsMode::kAuto) {}
};

TEST_F(AutoTlsTest, APlainRequestIsAnsweredLikeAnyOther) {
  Accept(peer);
  peer.Send(kRequest);
  EXPECT_EQ(peer.written().substr(0, 12), "HTTP/1.1 426") << "WebSocket only, here";
  EXPECT_EQ(Only(TlsResult::kPlain), 1u);
}

}  // namespace
}  // namespace sluice::intake
