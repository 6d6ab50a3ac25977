// Probe against the real admin server, and against all that can stand in its place.
#include "sluice/admin/probe.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_harness.h"

namespace sluice::admin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A socket on a port of its own that is bound and, if told so, listens, but never answers.
class Deaf {
 public:
  explicit Deaf(bool listens) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = LoopbackAddress(0);
    socklen_t size = sizeof(address);
    auto* const pointer = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_.get(), pointer, size), 0);
    EXPECT_EQ(getsockname(fd_.get(), pointer, &size), 0);
    EXPECT_EQ(listens ? listen(fd_.get(), 1) : 0, 0);
    port_ = ntohs(address.sin_port);
  }
  uint16_t port() const { return port_; }
  int fd() const { return fd_.get(); }

 private:
  net::Fd fd_;
  uint16_t port_ = 0;
};

TEST(Probe, AsksTheAdminServer) {
  net::EventLoop loop;
  testing::FakeProgram program;
  auto server = AdminServer::Listen(loop, Loopback(), program, {}, {});
  ASSERT_TRUE(server) << server.error();
  const settings::Endpoint address = (*server)->address();
  const std::string name = address.ToString();
  settings::Endpoint everywhere = address;
  RunDuring(loop, [&] {
    EXPECT_EQ(*Probe(address, "/healthz", 10s), "ok\n");
    EXPECT_EQ(*Probe(address, "/readyz", 10s), "ready\n");
    EXPECT_EQ(Probe(address, "/none", 10s).error(),
              "/none on " + name + " answered 404: no such page; / lists those that there are");
    for (const char* host : {"0.0.0.0", "::"}) {
      everywhere.host = host;
      EXPECT_EQ(*Probe(everywhere, "/healthz", 10s), "ok\n") << host;
    }
  });
  program.reason = "draining";
  RunDuring(loop, [&] {
    EXPECT_EQ(Probe(address, "/readyz", 10s).error(),
              "/readyz on " + name + " answered 503: draining");
  });
}

TEST(Probe, NobodyListens) {
  const Deaf deaf(/*listens=*/false);
  const auto result = Probe(Loopback(deaf.port()), "/healthz", 10s);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), "cannot connect to 127.0.0.1:" + std::to_string(deaf.port()));
}

TEST(Probe, NoAnswerInTime) {
  const Deaf deaf(/*listens=*/true);
  const auto result = Probe(Loopback(deaf.port()), "/healthz", 50ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(),
            "no answer from 127.0.0.1:" + std::to_string(deaf.port()) + " within 50 ms");
}

TEST(Probe, HalfAnAnswerIsNone) {
  for (const std::string_view answer :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok",
        "SSH-2.0-x\r\n"}) {
    const Deaf deaf(/*listens=*/true);
    std::thread server([&] {
      const net::Fd client(accept(deaf.fd(), nullptr, nullptr));
      char buffer[4096];
      // The request fits into one segment; what is left unread would turn the close into a reset.
      EXPECT_GT(recv(client.get(), buffer, sizeof(buffer), 0), 0);
      EXPECT_EQ(send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
    });
    const auto result = Probe(Loopback(deaf.port()), "/healthz", 10s);
    server.join();
    ASSERT_FALSE(result) << answer;
    EXPECT_THAT(result.error(), HasSubstr("127.0.0.1:" + std::to_string(deaf.port())));
    EXPECT_THAT(result.error(), HasSubstr("did not answer")) << answer;
  }
}

TEST(Probe, OnlyIpAddressesCanBeAsked) {
  const auto named =
      Probe({.kind = settings::Endpoint::Kind::kTcp, .host = "localhost", .port = 1}, "/", 1s);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error(), "cannot ask localhost:1, expected an IP address and a port");
  const auto socket =
      Probe({.kind = settings::Endpoint::Kind::kUnix, .host = "/run/x", .port = 0}, "/", 1s);
  ASSERT_FALSE(socket);
}

}  // namespace
}  // namespace sluice::admin
