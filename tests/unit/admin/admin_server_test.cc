// AdminServer over a real socket: each page, both methods, what it refuses, and what promtool says.
#include "sluice/admin/admin_server.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "sluice/metrics/collector.h"
#include "sluice/metrics/process.h"

#include "admin/client.h"

namespace sluice::admin {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class FakeStatus : public Status {
 public:
  bool Ready() const override { return reason.empty(); }
  std::string NotReadyReason() const override { return reason; }
  std::string Report() const override { return report; }
  std::string reason;
  std::string report = "{\"routes\": []}\n";
};

class AdminServerTest : public testing::Test {
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
        loop_, Loopback(), status_,
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
  FakeStatus status_;
  net::EventLoop loop_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, ServesMetrics) {
  const std::string response = Ask("GET", "/metrics");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response,
              HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(response, HasSubstr("\nsluice_sessions_opened_total{route=\"vnc\"} 42\n"));
  EXPECT_THAT(response, HasSubstr("\nprocess_resident_memory_bytes "));
}

TEST_F(AdminServerTest, IsHealthyWhileTheLoopRuns) {
  const std::string response = Ask("GET", "/healthz");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\nok\n"));
}

TEST_F(AdminServerTest, ReadinessFollowsTheStatus) {
  EXPECT_THAT(Ask("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nready\n")));
  status_.reason = "draining";
  EXPECT_THAT(Ask("GET", "/readyz"), AllOf(StartsWith("HTTP/1.1 503 Service Unavailable\r\n"),
                                           EndsWith("\r\n\r\ndraining\n")));
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, ShowsTheStatus) {
  const std::string response = Ask("GET", "/status");
  EXPECT_THAT(response, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                              HasSubstr("\r\nContent-Type: application/json\r\n"),
                              EndsWith("\r\n\r\n{\"routes\": []}\n")));
  const std::string page = Ask("GET", "/status.html");
  EXPECT_THAT(page, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                          HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"),
                          HasSubstr("\r\nContent-Security-Policy: default-src 'none'"),
                          EndsWith("</html>\n")));
}

TEST_F(AdminServerTest, ListsItsPages) {
  const std::string body = BodyOf(Ask("GET", "/"));
  for (const char* path : {"/metrics", "/healthz", "/readyz", "/status", "/status.html"})
    EXPECT_THAT(body, HasSubstr(path));
}

TEST_F(AdminServerTest, QueryIsNoPartOfThePath) {
  EXPECT_THAT(Ask("GET", "/healthz?verbose=1"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, HeadHasTheLengthAndNoBody) {
  for (const char* path : {"/", "/healthz", "/readyz", "/none"}) {
    const std::string head = Ask("HEAD", path);
    const std::string body = BodyOf(Ask("GET", path));
    EXPECT_FALSE(body.empty());
    EXPECT_THAT(head, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n")) << path;
  }
  EXPECT_THAT(Ask("HEAD", "/metrics"), EndsWith("\r\n\r\n"));
}

TEST_F(AdminServerTest, OtherPathsAreNotFound) {
  for (const char* path : {"/none", "/metrics/", "/healthz/x", "//"}) {
    EXPECT_THAT(Ask("GET", path), StartsWith("HTTP/1.1 404 Not Found\r\n")) << path;
  }
}

TEST_F(AdminServerTest, OtherMethodsAreNotAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
    EXPECT_THAT(Ask(method, "/metrics"), AllOf(StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"),
                                               HasSubstr("\r\nAllow: GET, HEAD\r\n")))
        << method;
  }
}

TEST_F(AdminServerTest, HeadsAndBodiesAreBounded) {
  const std::string host = "Host: localhost\r\n";
  EXPECT_THAT(Send("GET /healthz HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'x')),
              Not(HasSubstr("200 OK")));
  EXPECT_THAT(Send("POST / HTTP/1.1\r\n" + host + "Content-Length: 5000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, AHealthCheckMaySpeakHttp10WithoutAHost) {
  EXPECT_THAT(Send("GET /healthz HTTP/1.0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nok\n")));
  EXPECT_THAT(Send("OPTIONS / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Send("GET /healthz HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(AdminServerTest, NoErrorHasContentForHead) {
  EXPECT_THAT(Send("HEAD /healthz HTTP/1.1\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("\r\n\r\n")));
  EXPECT_THAT(Send("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 413 "), EndsWith("\r\n\r\n")));
  EXPECT_THAT(Send("HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 421 "), EndsWith("\r\n\r\n")));
}

// ---- Hosts ----

TEST_F(AdminServerTest, ANameThatIsNotConfiguredIsRefused) {
  Start({.hosts = {"sluice", "*.ops.example.com"}});
  const struct {
    const char* host;
    bool is_served;
  } rows[] = {
      {"127.0.0.1", true},
      {"10.1.2.3:9090", true},
      {"[::1]:9090", true},
      {"[2001:db8::1]", true},
      {"localhost:9090", true},
      {"LocalHost", true},
      {"a.localhost", true},
      {"localhost.", true},
      {"sluice:9090", true},
      {"a.ops.example.com", true},
      {"evil.example", false},
      {"ops.example.com", false},
      {"localhost.evil.example", false},
      {"127.0.0.1.evil.example", false},
      {"sluice.evil.example", false},
  };
  for (const auto& row : rows) {
    for (const char* path : {"/metrics", "/healthz", "/status", "/none"}) {
      const std::string response =
          Send(std::string("GET ") + path + " HTTP/1.1\r\nHost: " + row.host + "\r\n\r\n");
      EXPECT_EQ(response.starts_with("HTTP/1.1 421 Misdirected Request\r\n"), !row.is_served)
          << row.host << path << ": " << response;
    }
  }
}

TEST_F(AdminServerTest, AStarServesEveryName) {
  Start({.hosts = {"*"}});
  EXPECT_THAT(Send("GET /healthz HTTP/1.1\r\nHost: any.example\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK\r\n"));
}

// ---- Bounds ----

class EchoingActions final : public Actions {
 public:
  bool Has(std::string_view path) const override { return path == "/act"; }
  Answer Post(std::string_view, std::string_view authorization, std::string_view body,
              std::string_view /*client*/) override {
    return {200, std::string(authorization) + '|' + std::string(body)};
  }
};

TEST_F(AdminServerTest, AnActionGetsTheBody) {
  EchoingActions actions;
  Start({.actions = &actions});
  const std::string head = "POST /act HTTP/1.1\r\nHost: a.localhost\r\nAuthorization: Bearer x\r\n";
  EXPECT_THAT(Send(head + "Content-Length: 5\r\n\r\nhello, and more"),
              EndsWith("\r\n\r\nBearer x|hello"));
  EXPECT_THAT(Send(head + "\r\n"), EndsWith("\r\n\r\nBearer x|"));
  EXPECT_THAT(Send(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 411 Length Required\r\n"));
  EXPECT_THAT(Ask("GET", "/act"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: POST\r\n")));
}

TEST_F(AdminServerTest, AClientMayWaitForAContinue) {
  EchoingActions actions;
  Start({.actions = &actions});
  RunDuring(loop_, [&] {
    const net::Fd client = Connect(server_->port());
    SendAll(client,
            "POST /act HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
            "Expect: 100-continue\r\n\r\n");
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    std::string got(kContinue.size(), ' ');
    EXPECT_EQ(recv(client.get(), got.data(), got.size(), MSG_WAITALL),
              static_cast<ssize_t>(got.size()));
    EXPECT_EQ(got, kContinue);
    SendAll(client, "ab");
    EXPECT_THAT(ReceiveAll(client), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("|ab")));
  });
}

/// Sends `text` a byte at a time until the server answers or closes; returns what it sent.
std::string Trickle(const net::Fd& client, std::string_view text) {
  for (const char c : text) {
    SendAll(client, {&c, 1});
    pollfd answer{client.get(), POLLIN, 0};
    if (poll(&answer, 1, 5) > 0) break;
  }
  return ReceiveAll(client);
}

TEST_F(AdminServerTest, ARequestThatTricklesIsBoundedAsAWhole) {
  EchoingActions actions;
  Start({.actions = &actions, .request_timeout = base::Duration(100)});
  const std::string head = "POST /act HTTP/1.1\r\nHost: localhost\r\n";
  RunDuring(loop_, [&] {
    const std::string answer =
        Trickle(Connect(server_->port()), head + "X: " + std::string(2000, 'x'));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
  });
  RunDuring(loop_, [&] {
    const net::Fd client = Connect(server_->port());
    SendAll(client, head + "Content-Length: 2000\r\n\r\n");
    EXPECT_THAT(Trickle(client, std::string(2000, 'x')), StartsWith("HTTP/1.1 408 "));
  });
}

TEST_F(AdminServerTest, AConnectionThatSendsNothingIsClosed) {
  Start({.request_timeout = base::Duration(30)});
  EXPECT_EQ(Send(""), "");
}

TEST_F(AdminServerTest, OfTooManyConnectionsTheOldestThatWaitsIsClosed) {
  std::vector<net::Fd> open;
  RunDuring(loop_, [&] {
    for (size_t i = 0; i < AdminServer::kMaxConnections; ++i) {
      open.push_back(Connect(server_->port()));
      SendAll(open.back(), "GET /healthz HTTP/1.1\r\n");
    }
    const net::Fd late = Connect(server_->port());
    SendAll(late, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(ReceiveAll(late), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(ReceiveAll(open[0]), "");
    SendAll(open[1], "Host: localhost\r\n\r\n");
    EXPECT_THAT(ReceiveAll(open[1]), StartsWith("HTTP/1.1 200 OK\r\n"));
  });
}

constexpr const char* kBeginOfRequest = "GET /healthz HTTP/1.1\r\n";
constexpr const char* kEndOfRequest = "Host: localhost\r\n\r\n";

/// Waits until the first byte of the reply is there, and leaves it unread.
void WaitForReply(const net::Fd& client) {
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, MSG_PEEK), 1);
}

/// Sends bytes until the kernel answers that the server has closed the connection. Returns false
/// after five seconds.
bool SendUntilClosed(const net::Fd& client) {
  for (int i = 0; i < 500; ++i) {
    pollfd closed{client.get(), 0, 0};
    if (poll(&closed, 1, 10) > 0) return true;
    SendAll(client, "x");
  }
  return false;
}

TEST_F(AdminServerTest, OfTooManyConnectionsTheFirstWhoseReplyIsSentIsClosed) {
  RunDuring(loop_, [&] {
    std::vector<net::Fd> waiting;
    const auto wait = [&] {
      waiting.push_back(Connect(server_->port()));
      SendAll(waiting.back(), kBeginOfRequest);
    };
    wait();
    std::vector<net::Fd> answered;
    while (answered.size() < AdminServer::kMaxConnections - 1) {
      answered.push_back(Connect(server_->port()));
      SendAll(answered.back(), std::string(kBeginOfRequest) + kEndOfRequest);
      WaitForReply(answered.back());
    }
    wait();
    EXPECT_TRUE(SendUntilClosed(answered.front()));
    wait();
    for (const auto& client : waiting) {
      SendAll(client, kEndOfRequest);
      EXPECT_THAT(ReceiveAll(client), StartsWith("HTTP/1.1 200 OK\r\n"));
    }
  });
}

net::Fd ConnectWithSmallBuffer(uint16_t port) {
  net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int size = 4096;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  const sockaddr_in address = LoopbackAddress(port);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

TEST_F(AdminServerTest, ClientsThatReadNoReplyDoNotDisplaceALaterRequest) {
  status_.report = std::string(1024 * 1024, 'x');
  RunDuring(loop_, [&] {
    std::vector<net::Fd> stuck;
    while (stuck.size() < AdminServer::kMaxConnections - 1) {
      stuck.push_back(ConnectWithSmallBuffer(server_->port()));
      SendAll(stuck.back(), "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
      WaitForReply(stuck.back());
    }
    const net::Fd waiting = Connect(server_->port());
    SendAll(waiting, kBeginOfRequest);
    const net::Fd late = Connect(server_->port());
    SendAll(late, std::string(kBeginOfRequest) + kEndOfRequest);
    EXPECT_THAT(ReceiveAll(late), StartsWith("HTTP/1.1 200 OK\r\n"));
    SendAll(waiting, kEndOfRequest);
    EXPECT_THAT(ReceiveAll(waiting), StartsWith("HTTP/1.1 200 OK\r\n"));
  });
}

TEST_F(AdminServerTest, AClientThatStaysAfterItsReplyIsClosed) {
  RunDuring(loop_, [&] {
    const net::Fd client = Connect(server_->port());
    SendAll(client, std::string(kBeginOfRequest) + kEndOfRequest);
    EXPECT_THAT(ReceiveAll(client), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(SendUntilClosed(client));
  });
}

TEST_F(AdminServerTest, DestroyingItClosesWhatIsOpen) {
  const uint16_t port = server_->port();
  const net::Fd open = Connect(port);
  SendAll(open, "GET /healthz HTTP/1.1\r\n");
  // Connections are accepted in their order, so the first is the server's once the second is
  // answered.
  Ask("GET", "/healthz");
  server_.reset();
  EXPECT_EQ(ReceiveAll(open), "");
  EXPECT_FALSE(Connect(port)) << "nobody listens any more";
}

TEST_F(AdminServerTest, ATakenAddressIsAnErrorThatNamesIt) {
  const auto second = AdminServer::Listen(loop_, Loopback(server_->port()), status_, {}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
}

TEST_F(AdminServerTest, PromtoolFindsNothing) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "no promtool";
  const std::string path = testing::TempDir() + "sluice_metrics_" + std::to_string(getpid());
  std::ofstream(path) << BodyOf(Ask("GET", "/metrics"));
  const std::string command = "promtool check metrics <" + path + " >" + path + ".out 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream output(path + ".out");
  const std::string text{std::istreambuf_iterator<char>(output), {}};
  EXPECT_EQ(text, "");
  std::remove(path.c_str());
  std::remove((path + ".out").c_str());
}

}  // namespace
}  // namespace sluice::admin
