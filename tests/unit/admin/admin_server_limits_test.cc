// The bounds of AdminServer: of a request, of the time that each step takes, and of connections.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "sluice/admin/admin_server.h"

#include "admin/admin_harness.h"

namespace sluice::admin {
namespace {

using testing::AdminServerTest;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(AdminServerTest, HeadsAndBodiesAreBounded) {
  const std::string host = "Host: localhost\r\n";
  EXPECT_THAT(Send("GET /healthz HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'x')),
              Not(HasSubstr("200 OK")));
  EXPECT_THAT(Send("POST / HTTP/1.1\r\n" + host + "Content-Length: 5000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
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
  Start({.request_timeout = base::Duration(100)});
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
  program_.status = std::string(1024 * 1024, 'x');
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

}  // namespace
}  // namespace sluice::admin
