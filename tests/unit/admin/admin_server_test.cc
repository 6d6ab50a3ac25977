// AdminServer over a real socket: each page, both methods, what it refuses, and what promtool says.
#include "sluice/admin/admin_server.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_harness.h"

namespace sluice::admin {
namespace {

using testing::AdminServerTest;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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
  program_.reason = "draining";
  EXPECT_THAT(Ask("GET", "/readyz"), AllOf(StartsWith("HTTP/1.1 503 Service Unavailable\r\n"),
                                           EndsWith("\r\n\r\ndraining\n")));
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, ShowsTheStatusAsAPage) {
  EXPECT_THAT(
      Ask("GET", "/status.html"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
            HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"),
            HasSubstr("\r\nContent-Security-Policy: default-src 'none'"), EndsWith("</html>\n")));
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
  const auto second = AdminServer::Listen(loop_, Loopback(server_->port()), program_, {}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
}

TEST_F(AdminServerTest, PromtoolFindsNothing) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "no promtool";
  const std::string path = ::testing::TempDir() + "sluice_metrics_" + std::to_string(getpid());
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
