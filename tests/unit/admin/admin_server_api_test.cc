// The program's API behind AdminServer: answers that come at once, later, too late, or never.
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "sluice/admin/admin_server.h"

#include "admin/admin_harness.h"
#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::admin {
namespace {

using net::testing::AtEnd;
using net::testing::Available;
using net::testing::RunUntil;
using testing::AdminServerTest;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(AdminServerTest, TheProgramAnswersItsPaths) {
  EXPECT_THAT(
      Ask("GET", "/status"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Type: application/json\r\n"),
            HasSubstr("\r\nCache-Control: no-store\r\n"), EndsWith("\r\n\r\n{\"routes\": []}\n")));
  EXPECT_THAT(Ask("HEAD", "/status"),
              AllOf(HasSubstr("\r\nContent-Length: 15\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(Ask("POST", "/status"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
}

TEST_F(AdminServerTest, ARequestHasItsBodyAndItsToken) {
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: a.localhost\r\nAuthorization: Bearer x\r\n";
  EXPECT_THAT(Send(head + "Content-Length: 5\r\n\r\nhello, and more"),
              EndsWith("\r\n\r\nBearer x|hello"));
  EXPECT_THAT(Send(head + "\r\n"), EndsWith("\r\n\r\nBearer x|"));
  EXPECT_THAT(Send(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 411 Length Required\r\n"));
  EXPECT_THAT(Ask("GET", "/echo"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: POST\r\n")));
}

TEST_F(AdminServerTest, AClientMayWaitForAContinue) {
  RunDuring(loop_, [&] {
    const net::Fd client = Connect(server_->port());
    SendAll(client,
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
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

// ---- Answers that come later ----

constexpr const char* kLaterRequest = "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n";

class LaterAnswerTest : public AdminServerTest {
 protected:
  /// Returns a client whose request the program has.
  net::Fd AskLater() {
    net::Fd client = Connect(server_->port());
    SendAll(client, kLaterRequest);
    const int before = program_.asked;
    EXPECT_TRUE(RunUntil(loop_, [&] { return program_.asked > before; }));
    return client;
  }
  bool IsPending() const { return !program_.last.expired(); }
  void Answer() { program_.answer({200, {}, "later"}, {}); }
  /// Runs the loop until the server closes or ends the connection. Returns what it sent.
  std::string ReceiveReply(const net::Fd& client) {
    std::string reply;
    EXPECT_TRUE(RunUntil(loop_, [&] {
      reply += Available(client);
      return AtEnd(client);
    }));
    return reply;
  }
};

TEST_F(LaterAnswerTest, TheConnectionStaysOpenUntilTheAnswer) {
  const net::Fd client = AskLater();
  EXPECT_TRUE(IsPending());
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(Available(client), "");
  Answer();
  EXPECT_FALSE(IsPending());
  EXPECT_THAT(ReceiveReply(client), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                                          HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                                          EndsWith("\r\n\r\nlater")));
  Answer();  // A second one has no effect, as the connection lives for this turn.
}

TEST_F(LaterAnswerTest, AClientThatHasEndedItsDirectionGetsTheAnswer) {
  const net::Fd client = AskLater();
  shutdown(client.get(), SHUT_WR);
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(IsPending());
  Answer();
  EXPECT_THAT(ReceiveReply(client), EndsWith("later"));
}

TEST_F(LaterAnswerTest, AResetWithdrawsTheRequest) {
  net::testing::ResetConnection(AskLater());
  EXPECT_TRUE(RunUntil(loop_, [&] { return !IsPending(); }));
}

TEST_F(LaterAnswerTest, AClientThatHasLeftIsNoticedWithTheAnswer) {
  AskLater().Reset();
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
  Answer();
  EXPECT_FALSE(IsPending());
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(LaterAnswerTest, AnAnswerThatTakesTooLongIsA503) {
  Start({.answer_timeout = base::Duration(30)});
  const net::Fd client = AskLater();
  EXPECT_THAT(ReceiveReply(client),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("there was no answer in time\n")));
  EXPECT_FALSE(IsPending());
}

TEST_F(LaterAnswerTest, DestroyingTheServerWithdrawsTheRequest) {
  const net::Fd client = AskLater();
  server_.reset();
  EXPECT_FALSE(IsPending());
  EXPECT_EQ(ReceiveReply(client), "");
}

TEST_F(LaterAnswerTest, AnAnswerFromInsideTheRequestMayBeTheLastUseOfIt) {
  program_.on_later = [this] { Answer(); };
  const net::Fd client = AskLater();
  EXPECT_THAT(ReceiveReply(client), EndsWith("later"));
  EXPECT_FALSE(IsPending());
}

TEST_F(LaterAnswerTest, OfTooManyConnectionsThoseThatAwaitAnAnswerAreClosedLast) {
  std::vector<net::Fd> clients;
  while (clients.size() < AdminServer::kMaxConnections - 1) clients.push_back(AskLater());
  clients.push_back(Connect(server_->port()));
  SendAll(clients.back(), "GET /healthz HTTP/1.1\r\n");
  clients.push_back(AskLater());
  EXPECT_EQ(ReceiveReply(clients[clients.size() - 2]), "") << "it has waited for a short time only";
  clients.push_back(AskLater());
  EXPECT_EQ(ReceiveReply(clients.front()), "") << "all wait for an answer; this one the longest";
}

class LastLine final : public base::Log {
 public:
  void Write(base::LogLevel, std::string_view event,
             std::span<const base::LogField> fields) override {
    line = event;
    for (const auto& field : fields) {
      if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        line.append(" ").append(field.key).append("=").append(*text);
      }
    }
  }
  std::string line;
};

TEST_F(AdminServerTest, TheReasonOfARefusedRequestIsLogged) {
  LastLine log;
  Start({.log = &log});
  program_.refusal = "it is too late";
  Ask("GET", "/status");
  EXPECT_THAT(log.line, StartsWith("admin_refused client=127.0.0.1:"));
  EXPECT_THAT(log.line, HasSubstr(" method=GET path=/status detail=it is too late"));
}

}  // namespace
}  // namespace sluice::admin
