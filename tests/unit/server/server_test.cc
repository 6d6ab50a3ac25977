// The gateway as a whole in one process, over real sockets: what the scenario tests show of the
// program, as far as the threads and the drain are concerned.
#include "sluice/server/server.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/run_loop.h"
#include "net/sockets.h"
#include "websocket/client_frames.h"

namespace sluice::server {
namespace {

using net::testing::Available;
using net::testing::RunUntil;

class SharedLog final : public base::Log {
 public:
  void Write(base::LogLevel, std::string_view event,
             std::span<const base::LogField> fields) override {
    const std::lock_guard lock(mutex_);
    std::string line(event);
    for (const auto& field : fields) {
      line.append(" ").append(field.key).append("=");
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line.append(*text);
    }
    lines_.push_back(line);
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  /// The value of the text field in the only line of this event.
  std::string Find(std::string_view event, std::string_view key) {
    for (const auto& line : lines()) {
      if (!line.starts_with(std::string(event) + " ")) continue;
      const auto at = line.find(" " + std::string(key) + "=");
      if (at == std::string::npos) continue;
      const auto begin = at + key.size() + 2;
      return line.substr(begin, line.find(' ', begin) - begin);
    }
    return {};
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

settings::Config EchoConfig(unsigned workers) {
  settings::Config config;
  config.workers = workers;
  config.listeners.push_back({net::testing::Tcp("127.0.0.1", 0)});
  config.backends.push_back({"echo", {{{settings::Endpoint::Kind::kBuiltin, "echo", 0}}}});
  settings::Route route;
  route.name = "echo";
  route.match.path = {false, "/echo"};
  route.backend = 0;
  config.routes.push_back(route);
  return config;
}

class ServerTest : public ::testing::Test {
 protected:
  void Start(settings::Config config) {
    auto made = Server::Create(loop, std::make_shared<const settings::Config>(std::move(config)),
                               log, "test");
    ASSERT_TRUE(made) << made.error();
    server = *std::move(made);
    EXPECT_FALSE(server->running());
    server->Start();
    EXPECT_TRUE(server->running());
    const std::string address = log.Find("listening", "address");
    port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  /// A session on the echo route.
  net::Fd OpenSession() {
    net::Fd client = net::testing::ConnectTo(port);
    EXPECT_TRUE(client);
    net::testing::SendAll(client,
                          "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    std::string head;
    EXPECT_TRUE(RunUntil(loop, [&] { return (head += Available(client)).ends_with("\r\n\r\n"); }));
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << head;
    return client;
  }
  void ExpectEcho(const net::Fd& client) {
    net::testing::SendAll(client, websocket::testing::Binary("hello"));
    std::string back;
    EXPECT_TRUE(RunUntil(loop, [&] { return (back += Available(client)) == "\x82\x05hello"; }));
  }
  /// The value of a gauge or counter, summed over its labels.
  double Metric(std::string_view name) {
    double sum = 0;
    for (const auto& family : server->collector()->Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) sum += metric.gauge.value + metric.counter.value;
    }
    return sum;
  }

  SharedLog log;
  net::EventLoop loop;
  std::unique_ptr<Server> server;
  uint16_t port = 0;
};

TEST_F(ServerTest, RelaysOnSeveralWorkersAndDrains) {
  Start(EchoConfig(2));
  std::vector<net::Fd> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(OpenSession());
  for (const auto& client : clients) ExpectEcho(client);
  EXPECT_EQ(Metric("sluice_sessions_active"), 8);

  bool done = false;
  server->Drain([&] { done = true; });
  EXPECT_TRUE(server->draining());
  const std::string close = std::string("\x88\x07\x03\xf4", 4) + "drain";
  for (const auto& client : clients) {
    std::string back;
    ASSERT_TRUE(RunUntil(loop, [&] { return (back += Available(client)) == close; }));
    EXPECT_FALSE(done);
    net::testing::SendAll(client, websocket::testing::Close(1012, ""));
    ASSERT_TRUE(RunUntil(loop, [&] { return net::testing::AtEnd(client); }));
  }
  EXPECT_FALSE(net::testing::ConnectTo(port)) << "the listeners are closed";
  clients.clear();
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
  EXPECT_EQ(Metric("sluice_sessions_active"), 0);
  const auto lines = log.lines();
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const auto& line) { return line.starts_with("session "); }),
            8);
}

TEST_F(ServerTest, DrainsAtOnceWithoutSessions) {
  Start(EchoConfig(2));
  bool done = false;
  server->Drain([&] { done = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
}

TEST_F(ServerTest, CutsWhatIsLeftWhenTheDrainTakesTooLong) {
  settings::Config config = EchoConfig(1);
  config.drain_timeout = base::Duration(50);
  Start(std::move(config));
  const net::Fd client = OpenSession();
  bool done = false;
  server->Drain([&] { done = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
  EXPECT_EQ(log.Find("session", "reason"), "drain");
}

TEST_F(ServerTest, CutEndsTheDrain) {
  Start(EchoConfig(1));
  const net::Fd client = OpenSession();
  bool done = false;
  server->Drain([&] { done = true; });
  server->Cut();
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
}

TEST_F(ServerTest, StopsWithSessionsOpen) {
  Start(EchoConfig(2));
  const net::Fd client = OpenSession();
  ExpectEcho(client);
  server.reset();
  EXPECT_TRUE(RunUntil(loop, [&] {
    Available(client);
    return net::testing::AtEnd(client);
  }));
}

TEST_F(ServerTest, AnUnfinishedRequestIsAnsweredWhenDraining) {
  Start(EchoConfig(1));
  const net::Fd client = net::testing::ConnectTo(port);
  net::testing::SendAll(client, "GET /echo HTTP/1.1\r\nHo");
  ASSERT_TRUE(RunUntil(loop, [&] { return Metric("sluice_connections_active") == 1; }));
  bool done = false;
  server->Drain([&] { done = true; });
  std::string back;
  ASSERT_TRUE(RunUntil(loop, [&] {
    back += Available(client);
    return net::testing::AtEnd(client);
  }));
  EXPECT_TRUE(back.starts_with("HTTP/1.1 503 ")) << back;
  shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
}

TEST_F(ServerTest, WhatIsWrongIsToldBeforeTheFirstConnection) {
  const net::Fd taken = net::testing::ListeningOnLoopback();
  settings::Config config = EchoConfig(1);
  config.listeners[0].address.port = net::testing::PortOf(taken);
  const auto made = Server::Create(
      loop, std::make_shared<const settings::Config>(std::move(config)), log, "test");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().find("Address already in use"), std::string::npos) << made.error();
}

/// How many descriptors each epoll set of this process watches, the largest first.
std::vector<size_t> WatchedDescriptors() {
  std::vector<size_t> counts;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    size_t count = 0;
    for (std::string line; std::getline(info, line);) count += line.starts_with("tfd:");
    counts.push_back(count);
  }
  std::sort(counts.rbegin(), counts.rend());
  return counts;
}

TEST_F(ServerTest, ConnectionsAreSpreadEvenly) {
  Start(EchoConfig(4));
  std::vector<net::Fd> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(OpenSession());
  for (const auto& client : clients) ExpectEcho(client);
  // Ten sessions each, of two sockets, beside the loop's own timer, wake-up and listener; the echo
  // service's set is the main loop's, of forty.
  const auto watched = WatchedDescriptors();
  ASSERT_GE(watched.size(), 5u);
  for (size_t i = 1; i <= 4; ++i) EXPECT_NEAR(static_cast<double>(watched[i]), 23, 3) << i;
}

}  // namespace
}  // namespace sluice::server
