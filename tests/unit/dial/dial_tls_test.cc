// Dials that speak TLS, to a tls::Stream of ours or to one that behaves badly.
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "sluice/dial/dial.h"
#include "sluice/tls/stream.h"

#include "net/run_loop.h"
#include "net/sockets.h"
#include "tls/certificates.h"

namespace sluice::dial {
namespace {

using base::Cause;
using net::testing::RunUntil;

/// Never asked: the servers here are addresses.
class NoResolver final : public dns::Resolver {
 public:
  std::unique_ptr<Query> Resolve(const std::string&, uint16_t, Cached, Callback) override {
    return {};
  }
  std::unique_ptr<Query> ResolveService(const std::string&, Cached, ServicesCallback) override {
    return {};
  }
  void MoveCacheFrom(dns::Resolver&) override {}
};

/// The far end of a connection.
struct Server final : net::StreamHandler {
  Server(net::EventLoop& loop, net::Fd fd, std::shared_ptr<const tls::Context> context,
         tls::Buffers& buffers)
      : stream(std::make_unique<net::TcpStream>(loop, std::move(fd)), std::move(context), buffers) {
    stream.SetHandler(this);
  }
  void OnStreamReady() override {
    std::array<uint8_t, 4096> buffer;
    while (stream.readable()) {
      const net::IoResult got = stream.Read(buffer);
      received.append(base::AsText(base::Bytes(buffer).first(got.bytes)));
      if (got.status != net::IoResult::Status::kOk) break;
    }
    // As a server that speaks first does: at the very end of the handshake.
    if (!greeted && stream.writable()) {
      greeted = true;
      stream.Write(base::AsBytes("hello"));
    }
  }
  tls::Stream stream;
  std::string received;
  bool greeted = false;
};

class DialTlsTest : public ::testing::Test {
 protected:
  DialTlsTest() { listener = net::testing::ListeningOnLoopback(); }

  settings::Certificate Certificate(const std::string& host) {
    return directory.Make(host, host, {host});
  }
  void Serve(const settings::Certificate& certificate) {
    auto made = tls::Context::Create({{certificate}});
    ASSERT_TRUE(made) << made.error();
    context = *made;
  }
  void Start(const settings::BackendTls& tls, const std::string& name = "server.test",
             base::Duration timeout = base::Duration(5000), std::vector<uint8_t> preamble = {}) {
    auto made = tls::ClientContext::Create(tls);
    ASSERT_TRUE(made) << made.error();
    server.reset();
    outcome.reset();
    dial = std::make_unique<Dial>(loop, resolver,
                                  net::testing::Tcp("127.0.0.1", net::testing::PortOf(listener)),
                                  Options{.timeout = timeout,
                                          .preamble = std::move(preamble),
                                          .tls = *made,
                                          .tls_server_name = name,
                                          .tls_buffers = &buffers},
                                  [this](Dial::Outcome o) { outcome.emplace(std::move(o)); });
    peer = net::testing::AcceptFrom(listener);
    if (context) {
      fcntl(peer.get(), F_SETFL, O_NONBLOCK);
      server.emplace(loop, std::move(peer), context, buffers);
    }
  }
  bool Over() {
    return RunUntil(loop, [this] { return outcome.has_value(); });
  }
  void AwaitHello() {
    EXPECT_TRUE(RunUntil(loop, [this] { return !net::testing::Available(peer).empty(); }));
  }
  void ExpectFailure(const std::string& why) {
    ASSERT_TRUE(Over());
    ASSERT_FALSE(*outcome);
    EXPECT_EQ(outcome->error().cause, Cause::kBackendTls);
    EXPECT_EQ(outcome->error().detail,
              "127.0.0.1:" + std::to_string(net::testing::PortOf(listener)) + ": " + why);
  }
  std::string Received() {
    std::string text;
    std::array<uint8_t, 4096> buffer;
    RunUntil(loop, [&] {
      const net::IoResult got = outcome->value()->Read(buffer);
      text.append(base::AsText(base::Bytes(buffer).first(got.bytes)));
      end = got;
      return got.status != net::IoResult::Status::kWouldBlock;
    });
    return text;
  }

  tls::testing::CertificateDirectory directory;
  net::EventLoop loop;
  tls::Buffers buffers;
  NoResolver resolver;
  net::Fd listener;
  net::Fd peer;
  std::shared_ptr<const tls::Context> context;
  std::optional<Server> server;
  std::unique_ptr<Dial> dial;
  std::optional<Dial::Outcome> outcome;
  net::IoResult end;
};

TEST_F(DialTlsTest, WhatComesWithTheHandshakeIsNotLost) {
  const auto certificate = Certificate("server.test");
  Serve(certificate);
  Start({.ca = certificate.cert});
  ASSERT_TRUE(Over());
  ASSERT_TRUE(*outcome) << outcome->error().detail;
  dial.reset();
  EXPECT_EQ(Received(), "hello");
  net::Stream& stream = *outcome->value();
  ASSERT_TRUE(stream.writable());
  EXPECT_EQ(stream.Write(base::AsBytes("to the backend")).bytes, 14u);
  EXPECT_TRUE(RunUntil(loop, [&] { return server->received == "to the backend"; }));
}

TEST_F(DialTlsTest, ItMustBeTheCertificateOfTheServer) {
  const auto certificate = Certificate("server.test");
  Serve(certificate);
  const std::string refused = "the peer's certificate is not accepted: ";
  Start({.ca = certificate.cert}, "other.test");
  ExpectFailure(refused + "hostname mismatch");
  Start({.ca = certificate.cert, .server_name = "server.test"}, "other.test");
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome) << "the name of the configuration goes before";
  Start({.ca = certificate.cert}, "");
  ExpectFailure(refused + "IP address mismatch");
  Start({.ca = Certificate("another-ca").cert});
  ExpectFailure(refused + "self-signed certificate");
  Start({});
  ExpectFailure(refused + "self-signed certificate");
  Start({.insecure_skip_verify = true}, "other.test");
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome) << "only this word turns it off";
}

TEST_F(DialTlsTest, AServerWithoutTls) {
  Start({.insecure_skip_verify = true});
  net::testing::SendAll(peer, "RFB 003.008\n");
  ExpectFailure("wrong version number");
  Start({.insecure_skip_verify = true});
  AwaitHello();
  peer.Reset();
  ExpectFailure("the peer ended the connection");
  Start({.insecure_skip_verify = true});
  AwaitHello();
  net::testing::ResetConnection(std::move(peer));
  ExpectFailure("Connection reset by peer");
  Start({.insecure_skip_verify = true}, "server.test", base::Duration(50));
  ExpectFailure("the TLS handshake was not over in time");
  Start({.insecure_skip_verify = true});
  AwaitHello();
  dial.reset();
  EXPECT_TRUE(net::testing::AtEnd(peer)) << "cancelled in the handshake";
}

TEST_F(DialTlsTest, APreambleGoesBeforeTheHandshake) {
  Start({.insecure_skip_verify = true}, "server.test", base::Duration(5000), {'P', 'R', 'E'});
  std::string bytes;
  EXPECT_TRUE(RunUntil(loop, [&] { return (bytes += net::testing::Available(peer)).size() > 4; }));
  EXPECT_EQ(bytes.substr(0, 4), "PRE\x16");
}

TEST_F(DialTlsTest, AnEndWithoutCloseNotifyIsNoneInGoodOrder) {
  const auto certificate = Certificate("server.test");
  for (const bool is_cut : {false, true}) {
    Serve(certificate);
    Start({.ca = certificate.cert});
    ASSERT_TRUE(Over());
    ASSERT_TRUE(*outcome);
    EXPECT_EQ(Received(), "hello");
    if (!is_cut) server->stream.ShutdownWrite();
    server.reset();
    EXPECT_EQ(Received(), "");
    EXPECT_EQ(end.status, is_cut ? net::IoResult::Status::kError : net::IoResult::Status::kEnd);
  }
}

TEST_F(DialTlsTest, FilesThatAreNotRight) {
  const auto certificate = Certificate("server.test");
  const auto error = [](const settings::BackendTls& tls) {
    const auto made = tls::ClientContext::Create(tls);
    return made ? std::string() : made.error();
  };
  const std::string none = directory.Path("none");
  EXPECT_EQ(error({.ca = none}), none + " cannot be read: No such file or directory");
  const std::string empty = directory.MakeFile("empty", "");
  EXPECT_EQ(error({.ca = empty}), empty + " holds no certificate in PEM form");
  EXPECT_EQ(error({.ca = certificate.key}), certificate.key + " holds no certificate in PEM form");
  const settings::BackendTls tls{.certificate = settings::Certificate{certificate.cert, empty}};
  EXPECT_EQ(error(tls).find(empty + " holds no private key in PEM form: "), 0u) << error(tls);
}

}  // namespace
}  // namespace sluice::dial
