// An AdminServer over a real socket, the program that it shows, and a client.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "sluice/admin/admin_server.h"
#include "sluice/metrics/collector.h"
#include "sluice/metrics/process.h"

#include "admin/client.h"

namespace sluice::admin::testing {

/// Answers GET /status and POST /echo at once, and GET /later when the test calls `answer`.
class FakeProgram final : public Program {
 public:
  bool IsReady() const override { return reason.empty(); }
  std::string NotReadyReason() const override { return reason; }
  std::string_view ApiMethodOf(std::string_view path) const override {
    if (path == "/echo") return "POST";
    return path == "/status" || path == "/later" ? "GET" : "";
  }
  std::shared_ptr<const void> HandleApi(const http::RequestHead& head, std::string_view body,
                                        const net::Address& /*client*/,
                                        const Answer& answer_now) override {
    if (head.path == "/later") {
      answer = answer_now;
      auto pending = std::make_shared<int>();
      last = pending;
      ++asked;
      if (on_later) on_later();
      return pending;
    }
    const std::string authorization(head.Find("Authorization").value_or(""));
    const std::string text =
        head.path == "/echo" ? authorization + '|' + std::string(body) : status;
    answer_now({200, {{"Content-Type", "application/json"}}, text}, refusal);
    return nullptr;
  }

  std::string reason;
  std::string status = "{\"routes\": []}\n";
  std::string refusal;
  int asked = 0;                   ///< requests for /later
  Answer answer;                   ///< to the last of them
  std::weak_ptr<const void> last;  ///< expired when it is withdrawn or answered
  std::function<void()> on_later;
};

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() {
    counters_.routes[0].sessions_opened.Add(42);
    counters_.routes[0].sessions_closed[static_cast<size_t>(base::Cause::kBackendClosed)].Add();
    counters_.routes[0].ping_rtt.Observe(0.02);
    counters_.servers[0].dials_succeeded.Add();
    Start({});
  }

  void Start(AdminServer::Options options) {
    server_.reset();
    auto server = AdminServer::Listen(
        loop_, Loopback(), program_,
        {collector_, std::make_shared<const metrics::ProcessCollector>()}, std::move(options));
    EXPECT_TRUE(server) << server.error();
    if (server) server_ = *std::move(server);
  }

  std::string Send(const std::string& request) {
    std::string response;
    RunDuring(loop_, [&] {
      const net::Fd client = Connect(server_->port());
      SendAll(client, request);
      response = ReceiveAll(client);
    });
    return response;
  }
  /// Returns the whole response to a request without a body.
  std::string Ask(const std::string& method, const std::string& path) {
    return Send(method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
  static std::string BodyOf(const std::string& response) {
    const auto head_end = response.find("\r\n\r\n");
    return head_end == std::string::npos ? "" : response.substr(head_end + 4);
  }

  std::shared_ptr<metrics::Collector> collector_ = std::make_shared<metrics::Collector>("1.2.3", 1);
  metrics::WorkerMetrics counters_ = collector_->CountersFor(
      {.routes = {"vnc"}, .listeners = {"127.0.0.1:8080"}, .servers = {{"lab", "a:1"}}}, 0);
  FakeProgram program_;
  net::EventLoop loop_;
  std::unique_ptr<AdminServer> server_;
};

}  // namespace sluice::admin::testing
