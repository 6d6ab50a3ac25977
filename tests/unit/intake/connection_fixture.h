// The base of the tests of connections: one listener, a route to a backend and one to a page.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>
#include <poll.h>

#include "sluice/net/tcp_stream.h"

#include "intake/connection_harness.h"
#include "leg/fake_stream.h"
#include "net/sockets.h"

namespace sluice::intake::testing {

inline std::string Upgrade(std::string_view path = "/ws", std::string_view more = "") {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(more) + "\r\n";
}

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    config.listeners.push_back({net::testing::Tcp("127.0.0.1", 0)});
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
  void AddServer(uint16_t port) {
    config.backends[0].servers.push_back({net::testing::Tcp("127.0.0.1", port)});
  }

  /// A client connects.
  void Accept() {
    if (config.backends[0].servers.empty()) AddServer(net::testing::PortOf(listener));
    if (!worker.generation) worker.Use(config, resolver);
    net::Fd ours;
    std::tie(ours, client) = net::testing::Pair();
    worker.Accept(std::make_unique<net::TcpStream>(loop, std::move(ours)), address);
  }
  bool RunUntil(const std::function<bool()>& done) { return net::testing::RunUntil(loop, done); }

  /// What the client has got when it ends with `tail`.
  std::string AnswerUntil(std::string_view tail) {
    std::string got;
    EXPECT_TRUE(RunUntil([&] { return (got += net::testing::Available(client)).ends_with(tail); }))
        << got;
    return got;
  }
  /// What the client gets until the FIN behind it.
  std::string WholeAnswer() {
    std::string got;
    EXPECT_TRUE(RunUntil([&] {
      got += net::testing::Available(client);
      return net::testing::AtEnd(client);
    })) << got;
    return got;
  }
  /// Whether the backend has been dialled.
  bool HasBackendConnection() const {
    pollfd entry{.fd = listener.get(), .events = POLLIN, .revents = 0};
    return poll(&entry, 1, 0) == 1;
  }
  uint64_t Refused(base::Cause cause) const {
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
  FakeWorker worker;
  net::EventLoop& loop = worker.loop;
  std::shared_ptr<dns::Resolver> resolver = *dns::Resolver::Create(loop, {});
  metrics::WorkerMetrics& metrics = worker.metrics;
  base::testing::RecordingLog& log = worker.log;
  const net::Fd listener = net::testing::ListeningOnLoopback();
  net::Fd client;
};

inline constexpr std::string_view kGetPage = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace sluice::intake::testing
