// What a request does about the TLS handshake of its connection. The handshake itself is the
// stream's (net/tls_stream_test.cc); here a fake says how it goes.
#include <gtest/gtest.h>

#include "relay/session_harness.h"

namespace sluice::relay {
namespace {

using Handshake = net::TlsState::Handshake;
using metrics::TlsResult;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class ClientRequestTlsTest : public ::testing::Test {
 protected:
  explicit ClientRequestTlsTest(config::TlsMode mode = config::TlsMode::kRequired)
      : h(Config(mode)) {}

  static config::Config Config(config::TlsMode mode) {
    config::Config config = testing::OneRoute();
    config.handshake_timeout = base::Duration(30);
    config.hosts = {"*"};
    config.listeners[0].tls.emplace().mode = mode;
    return config;
  }

  void Accept(testing::FakePeer& client) {
    h.metrics.listeners[0].connections_active.Add();
    client.tls.emplace();
    request = &h.context.requests.Add(
        std::make_unique<ClientRequest>(h.context, client.Connect(), net::Address(), 0));
    request->Start();
  }
  /// How many handshakes had that result, and that no other was counted.
  uint64_t Only(TlsResult result) {
    uint64_t others = 0;
    for (const auto& count : h.metrics.listeners[0].tls_handshakes) others += count.Value();
    const auto count = h.metrics.listeners[0].tls_handshakes[static_cast<size_t>(result)].Value();
    EXPECT_EQ(others, count);
    return count;
  }

  testing::Harness h;
  ClientRequest* request = nullptr;
};

TEST_F(ClientRequestTlsTest, CountsAHandshakeOnce) {
  for (const bool is_resumed : {false, true}) {
    testing::Harness& harness = h;
    testing::FakePeer client;
    Accept(client);
    client.Send(kRequest.substr(0, 1));
    client.tls->handshake = Handshake::kDone;
    client.tls->is_resumed = is_resumed;
    client.Send(kRequest.substr(1));
    client.End();
    auto& counts = harness.metrics.listeners[0].tls_handshakes;
    EXPECT_EQ(counts[static_cast<size_t>(TlsResult::kOk)].Value(), 1u);
    EXPECT_EQ(counts[static_cast<size_t>(TlsResult::kResumed)].Value(), is_resumed ? 1u : 0u);
    EXPECT_EQ(client.written().substr(0, 12), "HTTP/1.1 426");
    net::testing::RunTurns(h.loop, 2);
  }
  EXPECT_TRUE(h.context.requests.empty());
}

TEST_F(ClientRequestTlsTest, TellsWhyOneFailedNowAndThen) {
  for (int i = 0; i < 3; ++i) {
    testing::FakePeer client;
    Accept(client);
    client.tls->handshake = Handshake::kFailed;
    client.tls->failure = "no shared cipher";
    client.End();
    EXPECT_EQ(client.written(), "");
    net::testing::RunTurns(h.loop, 2);
  }
  EXPECT_EQ(Only(TlsResult::kFailed), 3u);
  ASSERT_EQ(h.log.lines.size(), 1u);
  const auto& line = h.log.lines[0];
  EXPECT_EQ(line.event, "tls_handshake_failed");
  EXPECT_EQ(line["listener"], "127.0.0.1:0");
  EXPECT_EQ(line["client"], "unix");
  EXPECT_EQ(line["reason"], "failed");
  EXPECT_EQ(line["detail"], "no shared cipher");
  EXPECT_EQ(line["omitted"], "0");
}

TEST_F(ClientRequestTlsTest, CutsOneThatTakesTooLong) {
  Accept(h.client);
  ASSERT_TRUE(h.RunUntil([this] { return h.context.requests.empty(); }));
  EXPECT_EQ(Only(TlsResult::kTimeout), 1u);
  EXPECT_EQ(h.client.written(), "") << "nothing can be said before there are keys";
  ASSERT_EQ(h.log.lines.size(), 1u);
  EXPECT_EQ(h.log.lines[0]["reason"], "timeout");
  EXPECT_EQ(h.metrics.listeners[0].connections_active.Value(), 0u);
}

TEST_F(ClientRequestTlsTest, AHeadThatTakesTooLongIsAnsweredAllTheSame) {
  Accept(h.client);
  h.client.tls->handshake = Handshake::kDone;
  h.client.Send("GET");
  ASSERT_TRUE(h.RunUntil([this] { return h.client.fin_seen(); }));
  EXPECT_EQ(h.client.written().substr(0, 12), "HTTP/1.1 408");
  EXPECT_EQ(Only(TlsResult::kOk), 1u);
}

TEST_F(ClientRequestTlsTest, OneThatTheClientLeavesIsCountedAndNotTold) {
  Accept(h.client);
  h.client.End();
  EXPECT_EQ(Only(TlsResult::kAborted), 1u);
  EXPECT_TRUE(h.log.lines.empty());
}

TEST_F(ClientRequestTlsTest, OneThatADrainCutsIsCounted) {
  Accept(h.client);
  request->Drain();
  EXPECT_EQ(Only(TlsResult::kAborted), 1u);
  EXPECT_EQ(h.client.written(), "");
}

TEST_F(ClientRequestTlsTest, APlainRequestIsToldThatThePortSpeaksTls) {
  Accept(h.client);
  h.client.tls->handshake = Handshake::kNotTls;
  h.client.Send(kRequest);
  EXPECT_EQ(h.client.written().substr(0, 12), "HTTP/1.1 400");
  EXPECT_NE(h.client.written().find("this port speaks TLS: use wss:// or https://\n"),
            std::string::npos)
      << h.client.written();
  EXPECT_EQ(Only(TlsResult::kNotTls), 1u);
  ASSERT_EQ(h.log.lines.size(), 1u);
  EXPECT_EQ(h.log.lines[0].event, "refused");
}

TEST_F(ClientRequestTlsTest, APlainHeadRequestIsRefusedWithoutContent) {
  Accept(h.client);
  h.client.tls->handshake = Handshake::kNotTls;
  h.client.Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(h.client.written().substr(0, 12), "HTTP/1.1 400");
  EXPECT_TRUE(h.client.written().ends_with("\r\n\r\n")) << h.client.written();
  EXPECT_EQ(Only(TlsResult::kNotTls), 1u);
}

class AutoTlsTest : public ClientRequestTlsTest {
 protected:
  AutoTlsTest() : ClientRequestTlsTest(config::TlsMode::kAuto) {}
};

TEST_F(AutoTlsTest, APlainRequestIsTakenLikeAny) {
  Accept(h.client);
  h.client.tls->handshake = Handshake::kNotTls;
  h.client.Send(kRequest);
  EXPECT_EQ(h.client.written().substr(0, 12), "HTTP/1.1 426") << "WebSocket only, here";
  EXPECT_EQ(Only(TlsResult::kPlain), 1u);
}

TEST_F(ClientRequestTlsTest, AReplyLeavesBeforeTheConnectionIsClosed) {
  Accept(h.client);
  h.client.tls->handshake = Handshake::kDone;
  h.client.has_unsent = true;
  h.client.Send(kRequest);
  h.client.End();
  net::testing::RunTurns(h.loop, 2);
  EXPECT_TRUE(h.client.is_open());
  h.client.has_unsent = false;
  h.client.Take();
  h.client.TakeNothing();
  h.client.Send("");  // The stream tells when it has sent the rest.
  net::testing::RunTurns(h.loop, 2);
  EXPECT_FALSE(h.client.is_open());
}

TEST(SessionTls, ALegIsClosedBehindWhatItHasToSend) {
  testing::Harness h;
  h.Start();
  h.client.has_unsent = true;
  h.backend.SendAndEnd("last");
  h.client.Send(websocket::testing::Close(1000, ""));
  h.client.End();
  h.Settle();
  EXPECT_FALSE(h.backend.is_open());
  ASSERT_TRUE(h.client.is_open());
  EXPECT_TRUE(h.client.fin_seen());
  h.client.has_unsent = false;
  h.client.Send("");  // The stream tells when it has sent the rest.
  h.Settle();
  h.ExpectOver(base::Cause::kBackendClosed, "1000");
}

}  // namespace
}  // namespace sluice::relay
