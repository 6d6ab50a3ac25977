// A server in the test's process, over real sockets, with a log and clients.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/base/log.h"
#include "sluice/server/server.h"

#include "net/run_loop.h"
#include "net/sockets.h"
#include "websocket/client_frames.h"

namespace sluice::server::testing {

using net::testing::Available;
using net::testing::RunUntil;

/// A log of all threads.
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
  /// Returns the value of a text field in the first line of this event.
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

inline settings::Config EchoConfig(unsigned workers) {
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

/// A server whose loop the test runs, and clients of its echo route.
class ServerTest : public ::testing::Test {
 protected:
  void Start(settings::Config config) {
    auto created = Server::Create(loop, std::make_shared<const settings::Config>(std::move(config)),
                                  log, "test");
    ASSERT_TRUE(created) << created.error();
    server = *std::move(created);
    EXPECT_FALSE(server->is_running());
    server->Start();
    EXPECT_TRUE(server->is_running());
    const std::string address = log.Find("listening", "address");
    port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  /// Opens a session on the echo route.
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
  /// Returns the value of a gauge or counter, summed over its labels.
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

}  // namespace sluice::server::testing
