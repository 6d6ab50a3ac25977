// The gateway as a whole in one process, over real sockets: what the scenario tests show of the
// program, as far as the threads and the drain are concerned.
#include "sluice/server/server.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/server_harness.h"

namespace sluice::server {
namespace {

using net::testing::Available;
using net::testing::RunUntil;
using testing::EchoConfig;
using testing::ServerTest;

TEST_F(ServerTest, RelaysOnSeveralWorkersAndDrains) {
  Start(EchoConfig(2));
  std::vector<net::Fd> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(OpenSession());
  for (const auto& client : clients) ExpectEcho(client);
  EXPECT_EQ(Metric("sluice_sessions_active"), 8);

  bool done = false;
  server->Drain([&](const std::vector<size_t>&) { done = true; });
  EXPECT_TRUE(server->is_draining());
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
  server->Drain([&](const std::vector<size_t>&) { done = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
}

TEST_F(ServerTest, CutsWhatIsLeftWhenTheDrainTakesTooLong) {
  settings::Config config = EchoConfig(1);
  config.drain_timeout = base::Duration(50);
  Start(std::move(config));
  const net::Fd client = OpenSession();
  bool done = false;
  server->Drain([&](const std::vector<size_t>&) { done = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return done; }));
  EXPECT_EQ(log.Find("session", "reason"), "drain");
}

TEST_F(ServerTest, CutEndsTheDrain) {
  Start(EchoConfig(1));
  const net::Fd client = OpenSession();
  bool done = false;
  server->Drain([&](const std::vector<size_t>&) { done = true; });
  server->Abort();
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
  server->Drain([&](const std::vector<size_t>&) { done = true; });
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

std::vector<std::pair<std::string, uint64_t>> RoutesOf(const Status& status) {
  std::vector<std::pair<std::string, uint64_t>> routes;
  for (const auto& route : status.routes) routes.emplace_back(route.name, route.sessions);
  return routes;
}

TEST_F(ServerTest, StatusCountsTheSessionsOfAllWorkersAndOfRemovedRoutes) {
  settings::Config config = EchoConfig(2);
  config.routes.push_back(config.routes.front());
  config.routes.back().name = "unused";
  Start(config);
  const std::vector<net::Fd> clients = [this] {
    std::vector<net::Fd> open;
    for (int i = 0; i < 5; ++i) open.push_back(OpenSession());
    return open;
  }();
  std::optional<Status> status;
  const auto ask = [&] {
    status.reset();
    const auto pending = server->AskStatus([&](const Status& answer) { status = answer; });
    EXPECT_FALSE(status) << "workers are asked, and the answer comes later";
    EXPECT_TRUE(RunUntil(loop, [&] { return status.has_value(); }));
    EXPECT_EQ(status->silent_workers, std::vector<size_t>());
  };
  ask();
  using Routes = std::vector<std::pair<std::string, uint64_t>>;
  EXPECT_EQ(RoutesOf(*status), (Routes{{"echo", 5}, {"unused", 0}}));
  ASSERT_EQ(status->backends.size(), 1u);
  EXPECT_EQ(status->backends[0].servers[0].sessions, 5u);

  config.routes.erase(config.routes.begin());
  bool is_applied = false;
  const auto reload = server->Reload(std::make_shared<const settings::Config>(config),
                                     [&](const std::vector<size_t>& silent) {
                                       EXPECT_TRUE(silent.empty());
                                       is_applied = true;
                                     });
  ASSERT_TRUE(reload) << reload.error();
  EXPECT_TRUE(RunUntil(loop, [&] { return is_applied; }));
  ask();
  EXPECT_EQ(RoutesOf(*status), (Routes{{"unused", 0}, {"echo", 5}}));
}

TEST_F(ServerTest, AServerThatNeverStartsReleasesTheConfigurationOfItsWorkers) {
  ASSERT_TRUE(
      Server::Create(loop, std::make_shared<const settings::Config>(EchoConfig(3)), log, "test"));
}

TEST_F(ServerTest, ADrainReplacesAWaitForTheSessionsToEnd) {
  Start(EchoConfig(2));
  const net::Fd client = OpenSession();
  bool is_retired = false;
  bool is_drained = false;
  server->Retire([&](const std::vector<size_t>&) { is_retired = true; });
  EXPECT_TRUE(RunUntil(loop, [&] { return !net::testing::ConnectTo(port); }));
  ExpectEcho(client);
  EXPECT_FALSE(is_retired);
  server->Drain([&](const std::vector<size_t>& stuck) {
    EXPECT_TRUE(stuck.empty());
    is_drained = true;
  });
  EXPECT_TRUE(server->is_draining());
  EXPECT_TRUE(server->is_retired());
  server->Abort();
  EXPECT_TRUE(RunUntil(loop, [&] { return is_drained; }));
  EXPECT_FALSE(is_retired);
  server->Abort();  // No effect.
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
