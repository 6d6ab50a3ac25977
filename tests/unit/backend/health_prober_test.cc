#include "sluice/backend/health_prober.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "sluice/net/tcp_stream.h"
#include "sluice/tls/stream.h"

#include "base/recording_log.h"
#include "dns/no_resolver.h"
#include "net/run_loop.h"
#include "net/sockets.h"
#include "tls/certificates.h"

namespace sluice::backend {
namespace {

using net::testing::RunUntil;

class HealthProberTest : public ::testing::Test {
 protected:
  // A prober refers to the configuration, to which some tests add when it is in use.
  HealthProberTest() { config.backends.reserve(10); }

  /// A backend with that one server and that check.
  void Add(settings::Endpoint server, settings::HealthCheck check) {
    check.interval = base::Duration(20);
    config.backends.push_back({.name = "b" + std::to_string(config.backends.size()),
                               .servers = {{std::move(server)}},
                               .health_check = check});
  }
  void Add(uint16_t port, const settings::HealthCheck& check) {
    Add(net::testing::Tcp("127.0.0.1", port), check);
  }
  void Start(const HealthProber* previous = nullptr) {
    tls.resize(config.backends.size());
    up.resize(config.backends.size());
    auto next = std::make_unique<HealthProber>(
        HealthProber::Setup{loop, resolver, config, tls, {}, log, metrics, 1},
        [this](size_t backend, size_t server, bool is_up) {
          EXPECT_EQ(server, 0u);
          ++told;
          up[backend] = is_up;
        },
        previous);
    prober = std::move(next);
  }
  bool Becomes(size_t backend, bool is_up) {
    return RunUntil(loop, [&] { return up[backend] == is_up; });
  }
  /// Answers each connection that waits with `greeting`.
  void Serve(const net::Fd& listener, std::string_view greeting) {
    fcntl(listener.get(), F_SETFL, O_NONBLOCK);
    const int fd = accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    peers.emplace_back(fd);
    net::testing::SendAll(peers.back(), greeting);
  }
  bool BecomesServing(size_t backend, bool is_up, const net::Fd& listener,
                      std::string_view greeting) {
    return RunUntil(loop, [&] {
      Serve(listener, greeting);
      return up[backend] == is_up;
    });
  }
  std::string DetailOf(const char* event) const {
    for (const auto& line : log.lines) {
      if (line.event == event) return line["detail"];
    }
    return "(no such line)";
  }
  /// How often the log has that event.
  size_t Count(const char* event) const {
    return static_cast<size_t>(std::count_if(
        log.lines.begin(), log.lines.end(), [&](const auto& line) { return line.event == event; }));
  }

  net::EventLoop loop;
  dns::testing::NoResolver resolver;
  settings::Config config;
  std::vector<std::shared_ptr<const base::Snapshot<tls::ClientContext>>> tls;
  base::testing::RecordingLog log;
  metrics::HealthMetrics metrics;
  std::vector<std::optional<bool>> up;
  int told = 0;
  std::vector<net::Fd> peers;
  std::unique_ptr<HealthProber> prober;
};

TEST_F(HealthProberTest, AConnectionIsEnough) {
  const net::Fd listener = net::testing::ListeningOnLoopback();
  const net::Fd refusing = net::testing::Bound(SOCK_STREAM);
  Add(net::testing::PortOf(listener), {});
  Add(net::testing::PortOf(refusing), {});
  Start();
  ASSERT_TRUE(Becomes(0, true));
  ASSERT_TRUE(Becomes(1, false));
  EXPECT_EQ(Count("server_up"), 0u) << "it counted as up before";
  EXPECT_EQ(Count("server_down"), 1u);
  EXPECT_EQ(DetailOf("server_down"),
            "127.0.0.1:" + std::to_string(net::testing::PortOf(refusing)) + ": Connection refused");
  const auto counters =
      metrics.CountersOf("b1", "127.0.0.1:" + std::to_string(net::testing::PortOf(refusing)));
  ASSERT_TRUE(RunUntil(loop, [&] { return counters->failed > 2; })) << "again and again";
  EXPECT_EQ(told, 2) << "only what changes is told";
}

TEST_F(HealthProberTest, ItFallsAndRises) {
  net::Fd server = net::testing::Bound(SOCK_STREAM);
  const uint16_t port = net::testing::PortOf(server);
  ASSERT_EQ(listen(server.get(), 1000), 0);
  Add(port, {.rise = 2, .fall = 2});
  Start();
  ASSERT_TRUE(Becomes(0, true));
  server = net::Fd();
  ASSERT_TRUE(Becomes(0, false));
  server = net::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in name = net::testing::Loopback(port);
  ASSERT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(listen(server.get(), 1000), 0);
  ASSERT_TRUE(Becomes(0, true));
  EXPECT_EQ(Count("server_down"), 1u);
  EXPECT_EQ(Count("server_up"), 1u);
}

TEST_F(HealthProberTest, ABanner) {
  const net::Fd listener = net::testing::ListeningOnLoopback();
  Add(net::testing::PortOf(listener), {.rise = 1, .fall = 1, .expect = {"RFB "}});
  Start();
  ASSERT_TRUE(BecomesServing(0, true, listener, "RFB 003.008\n"));
  ASSERT_TRUE(BecomesServing(0, false, listener, std::string(5000, 'x')));
  EXPECT_EQ(DetailOf("server_down"), "the answer is not an expected one");
}

TEST_F(HealthProberTest, SilenceAndAnEarlyEnd) {
  const net::Fd silent = net::testing::ListeningOnLoopback();
  const net::Fd ends = net::testing::ListeningOnLoopback();
  Add(net::testing::PortOf(silent), {.timeout = base::Duration(50), .expect = {"RFB "}});
  Add(net::testing::PortOf(ends), {.expect = {"RFB "}});
  Start();
  ASSERT_TRUE(Becomes(0, false));
  EXPECT_EQ(DetailOf("server_down"), "no expected answer within the time limit");
  log.lines.clear();
  ASSERT_TRUE(RunUntil(loop, [&] {
    Serve(ends, "RF");
    peers.clear();
    return up[1] == false;
  }));
  EXPECT_EQ(DetailOf("server_down"), "the connection ended before an expected answer");
}

TEST_F(HealthProberTest, SpeaksFirstBehindItsPreamble) {
  const net::Fd listener = net::testing::ListeningOnLoopback();
  Add(net::testing::PortOf(listener), {.send = "PING\r\n", .expect = {"+PONG"}});
  config.backends[0].proxy_protocol = settings::SendProxy::kV1;
  Start();
  ASSERT_TRUE(BecomesServing(0, true, listener, "+PONG\r\n"));
  EXPECT_EQ(net::testing::Available(peers[0]), "PROXY UNKNOWN\r\nPING\r\n");
}

TEST_F(HealthProberTest, AHandshakeOfTls) {
  const net::Fd listener = net::testing::ListeningOnLoopback();
  Add(net::testing::PortOf(listener), {.tls = true});
  Start();
  ASSERT_TRUE(BecomesServing(0, false, listener, "RFB 003.008\n"));
  EXPECT_NE(DetailOf("server_down").find("wrong version number"), std::string::npos);

  tls::testing::CertificateDirectory directory;
  const auto context = tls::Context::Create({{directory.Make("other", "other", {"other.test"})}});
  ASSERT_TRUE(context) << context.error();
  tls::Buffers buffers;
  std::vector<std::unique_ptr<tls::Stream>> streams;
  const auto turn = [&] {
    const int fd = accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      streams.push_back(std::make_unique<tls::Stream>(
          std::make_unique<net::TcpStream>(loop, net::Fd(fd)), *context, buffers));
    }
    std::array<uint8_t, 100> buffer;
    for (const auto& stream : streams) {
      if (stream->readable()) stream->Read(buffer);
    }
    return up[0] == true;
  };
  EXPECT_TRUE(RunUntil(loop, turn)) << "whoever's certificate it is";
}

TEST_F(HealthProberTest, WhatIsKnownIsTakenOver) {
  const net::Fd refusing = net::testing::Bound(SOCK_STREAM);
  const net::Fd listener = net::testing::ListeningOnLoopback();
  Add(net::testing::PortOf(refusing), {});
  Start();
  ASSERT_TRUE(Becomes(0, false));
  const auto counters =
      metrics.CountersOf("b0", "127.0.0.1:" + std::to_string(net::testing::PortOf(refusing)));
  const uint64_t failed = counters->failed;
  Add(net::testing::PortOf(listener), {});
  Start(prober.get());
  ASSERT_TRUE(Becomes(1, true));
  ASSERT_TRUE(RunUntil(loop, [&] { return counters->failed > failed + 1; }));
  EXPECT_EQ(Count("server_down"), 1u) << "it is no news";
  EXPECT_EQ(told, 2);
}

TEST_F(HealthProberTest, OthersAreLeftAlone) {
  const net::Fd listener = net::testing::ListeningOnLoopback();
  config.backends.push_back(
      {.name = "plain",
       .servers = {{net::testing::Tcp("127.0.0.1", net::testing::PortOf(listener))}}});
  Start();
  net::testing::RunTurns(loop, 5);
  EXPECT_EQ(told, 0);
  fcntl(listener.get(), F_SETFL, O_NONBLOCK);
  EXPECT_LT(accept(listener.get(), nullptr, nullptr), 0);
}

TEST_F(HealthProberTest, DestroyedWithChecksUnderWay) {
  const net::testing::Unanswering dead;
  const net::Fd silent = net::testing::ListeningOnLoopback();
  Add(dead.port(), {});
  Add(net::testing::PortOf(silent), {.expect = {"x"}});
  Start();
  fcntl(silent.get(), F_SETFL, O_NONBLOCK);
  ASSERT_TRUE(RunUntil(loop, [&] {
    const int fd = accept(silent.get(), nullptr, nullptr);
    if (fd >= 0) peers.emplace_back(fd);
    return !peers.empty();
  }));
  prober.reset();
  net::testing::RunTurns(loop, 3);
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace sluice::backend
