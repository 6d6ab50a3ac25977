// How a session ends: each cause with what the peers see, the log line and the metrics.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "session/session_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using base::Cause;
using testing::CloseBody;
using testing::CloseFrame;
using testing::Frame;
using testing::Harness;
using testing::Pattern;
using testing::ServerFrame;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::ClientFrame;
using websocket::testing::Close;
using websocket::testing::Ping;
using websocket::testing::Text;

// ---- The backend ends ----

TEST(SessionCloseTest, BackendEndsInGoodOrder) {
  Harness h;
  h.Start();
  h.backend.SendAndEnd("last words");
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "last words"},
                                                  CloseFrame(1000, "backend_closed")}));
  EXPECT_FALSE(h.client.fin_seen()) << "the client has not answered yet";
  EXPECT_FALSE(h.backend.fin_seen());

  h.client.Send(Binary("still delivered"));
  EXPECT_EQ(h.backend.written(), "still delivered");

  h.client.Send(Binary("!") + Close(1000, ""));
  EXPECT_EQ(h.backend.written(), "still delivered!");
  EXPECT_TRUE(h.backend.fin_seen());
  EXPECT_FALSE(h.backend.is_open()) << "its FIN was read, ours is sent";
  EXPECT_TRUE(h.client.fin_seen());
  EXPECT_TRUE(h.client.is_open()) << "until the client's FIN no reset may eat the tail";
  EXPECT_FALSE(h.ended());

  h.client.End();
  h.ExpectOver(Cause::kBackendClosed, "1000");
  EXPECT_EQ(h.log.lines[0]["bytes_to_client"], "10");
  EXPECT_EQ(h.log.lines[0]["bytes_to_backend"], "16");
}

TEST(SessionCloseTest, TheCloseWaitsForWhatIsQueued) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  const std::string payload = Pattern(workspace::kQueueMark / 2);
  h.backend.SendAndEnd(payload);
  h.Settle();
  h.client.Take(1000);
  h.Settle();
  EXPECT_FALSE(h.client.fin_seen());
  h.client.Take();
  h.Settle();
  EXPECT_EQ(h.ToClient(), payload);
  EXPECT_EQ(h.ClientFrames().back(), CloseFrame(1000, "backend_closed"));
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST(SessionCloseTest, ABackendThatEndsUnreadIsReadToTheEnd) {
  // It ended long ago, but the client was too slow for the end to be seen.
  Harness h;
  h.Start();
  h.client.TakeNothing();
  const std::string payload = Pattern(5 * workspace::kQueueMark);
  h.backend.SendAndEnd(payload);
  h.Settle();
  h.client.Take();
  h.Settle();
  EXPECT_EQ(h.ToClient(), payload);
  EXPECT_EQ(h.ClientFrames().back(), CloseFrame(1000, "backend_closed"));
}

TEST(SessionCloseTest, BackendReset) {
  Harness h;
  h.Start();
  h.backend.Send("before");
  h.backend.Reset();
  EXPECT_EQ(h.ClientFrames(),
            (std::vector<Frame>{{Opcode::kBinary, "before"}, CloseFrame(1011, "backend_reset")}));
  h.client.Send(Binary("to nobody") + Close(1011, ""));
  EXPECT_EQ(h.backend.written(), "");
  h.client.End();
  h.ExpectOver(Cause::kBackendReset, "1011");
  EXPECT_EQ(h.log.lines[0].level, base::LogLevel::kWarn);
}

TEST(SessionCloseTest, WhatAResetBackendSentBeforeIsDelivered) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send("queued");
  h.backend.Send("unread");
  h.backend.Reset();
  h.Settle();
  h.client.Take();
  h.Settle();
  EXPECT_EQ(h.ToClient(), "queuedunread");
  EXPECT_EQ(h.ClientFrames().back(), CloseFrame(1011, "backend_reset"));
}

TEST(SessionCloseTest, AWriteThatFailsIsAResetToo) {
  Harness h(testing::OneRoute(), 3);  // The head, the client's frame, and the write of its payload.
  h.Start();
  h.client.Send(Binary("lost"));
  h.Settle();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{CloseFrame(1011, "backend_reset")}));
  h.client.SendAndEnd(Close(1011, ""));
  h.Settle();
  h.ExpectOver(Cause::kBackendReset, "1011");
}

TEST(SessionCloseTest, APausedClientIsReadInTheTurnAfterTheServersClose) {
  Harness h;
  h.is_websocket_backend = true;
  h.Start();
  h.backend.TakeNothing();
  h.client.Send(Binary(Pattern(2 * workspace::kQueueMark)) + Close(1000, ""));
  h.Settle();
  EXPECT_GT(h.client.unread(), 0u);
  h.backend.Send(ServerFrame(Opcode::kClose, CloseBody(1000, "")));
  net::testing::RunTurns(h.loop, 2);
  EXPECT_EQ(h.client.unread(), 0u) << "not only when the next timer runs";
}

// ---- The client ends ----

TEST(SessionCloseTest, ClientClosesWithACode) {
  Harness h;
  h.Start();
  h.backend.TakeNothing();
  h.client.Send(Binary("flushed first") + Close(4321, "bye"));
  EXPECT_FALSE(h.backend.fin_seen()) << "payload is before the FIN";
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kClose, CloseBody(4321, "")}}));
  h.backend.Take();
  EXPECT_EQ(h.backend.written(), "flushed first");
  EXPECT_TRUE(h.backend.fin_seen());
  EXPECT_TRUE(h.backend.is_open());
  EXPECT_TRUE(h.client.fin_seen());

  h.client.End();
  EXPECT_FALSE(h.ended()) << "the backend has not ended";
  h.backend.SendAndEnd("discarded");
  h.ExpectOver(Cause::kClientClosed, "4321");
  EXPECT_EQ(h.ToClient(), "");
}

TEST(SessionCloseTest, ClientClosesWithoutACode) {
  Harness h;
  h.Start();
  h.client.Send(Close(""));
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kClose, ""}}));
  h.backend.End();
  h.client.End();
  h.ExpectOver(Cause::kClientClosed, "-");
}

TEST(SessionCloseTest, WhatIsQueuedForTheClientGoesBeforeTheEcho) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send("queued");
  h.client.Send(Close(1000, ""));
  h.backend.Send("too late");
  h.client.Take();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "queued"},
                                                  {Opcode::kClose, CloseBody(1000, "")}}));
}

TEST(SessionCloseTest, AFinRightBehindTheCloseTakesNothingAway) {
  // A client that only shuts down still reads: both are in the socket when the session looks.
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send("queued");
  h.client.SendAndEnd(Close(1000, ""));
  h.Settle();
  h.client.Take();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "queued"},
                                                  {Opcode::kClose, CloseBody(1000, "")}}));
  EXPECT_TRUE(h.client.fin_seen());
  h.backend.End();
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST(SessionCloseTest, NothingFollowsTheClose) {
  Harness h;
  h.Start();
  h.backend.End();
  h.client.Send(Ping("p"));
  h.Settle();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{CloseFrame(1000, "backend_closed")}));
}

TEST(SessionCloseTest, NothingIsReadBehindTheClientsClose) {
  Harness h;
  h.Start();
  h.client.Send(Close(1000, "") + Binary("no") + "\xff\xff garbage");
  h.client.Send(Binary("no"));
  EXPECT_EQ(h.backend.written(), "");
  h.backend.End();
  h.client.End();
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST(SessionCloseTest, ABackendThatPushesIsDiscardedInLargePieces) {
  // The client's queue is full when it closes: what is thrown away must not be read byte by byte.
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send(Pattern(kTurnBudget));
  h.Settle();
  const size_t before = h.backend.reads();
  h.client.Send(Close(1000, ""));
  h.Settle();
  EXPECT_EQ(h.backend.unread(), 0u);
  EXPECT_LE(h.backend.reads() - before, 10u);
}

TEST(SessionCloseTest, AClientThatPushesIsDiscardedInLargePieces) {
  Harness h;
  h.Start();
  h.backend.TakeNothing();
  const std::string close = Close(1000, "");
  const std::string filler(workspace::kQueueMark - close.size() - websocket::kMaxClientHeader, 'x');
  h.client.Send(Binary(filler) + close);
  h.Settle();
  const size_t before = h.client.reads();
  h.client.Send(Pattern(kTurnBudget / 2));
  EXPECT_EQ(h.client.unread(), 0u);
  EXPECT_LE(h.client.reads() - before, 10u);
  h.backend.Take();
  EXPECT_EQ(h.backend.written(), filler);
}

TEST(SessionCloseTest, ClientLost) {
  Harness h;
  h.Start();
  h.backend.TakeNothing();
  h.client.SendAndEnd(Binary("flushed"));
  EXPECT_FALSE(h.backend.fin_seen());
  h.backend.Take();
  EXPECT_FALSE(h.client.is_open());
  EXPECT_EQ(h.backend.written(), "flushed");
  EXPECT_TRUE(h.backend.fin_seen());
  h.backend.SendAndEnd("nobody listens");
  h.ExpectOver(Cause::kClientLost, "-");
  EXPECT_TRUE(h.ClientFrames().empty()) << "no Close to one who is gone";
}

TEST(SessionCloseTest, ClientResetDeliversWhatItSentBefore) {
  Harness h;
  h.Start();
  h.backend.TakeNothing();
  h.client.Send(Binary("one"));
  h.client.Send(Binary("two"));
  h.client.Reset();
  h.backend.Take();
  h.Settle();
  EXPECT_EQ(h.backend.written(), "onetwo");
  h.backend.End();
  h.ExpectOver(Cause::kClientLost, "-");
}

TEST(SessionCloseTest, AWriteToALostClientStillDeliversItsBytes) {
  Harness h(testing::OneRoute(), 3);  // The head, the backend's bytes, and their frame.
  h.Start();
  h.backend.Send("to nobody");
  h.client.Send(Ping("unanswered") + Binary("delivered") + Close(1000, ""));
  h.Settle();
  EXPECT_EQ(h.backend.written(), "delivered");
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kClientClosed, "1000");
}

// ---- The client breaks the rules ----

struct Breach {
  std::string wire;
  Cause cause;
  uint16_t code;
};

TEST(SessionCloseTest, BreachesOfTheFraming) {
  const Breach breaches[] = {
      {ClientFrame{.payload = "x", .masked = false}.Bytes(), Cause::kProtocolError, 1002},
      {ClientFrame{.payload = "x", .reserved_bits = 0x40}.Bytes(), Cause::kProtocolError, 1002},
      {Close("\x03"), Cause::kProtocolError, 1002},
      {Close(1005, ""), Cause::kProtocolError, 1002},
      {Text("\xff"), Cause::kInvalidUtf8, 1007},
      {Close(1000, "\xc0\x80"), Cause::kInvalidUtf8, 1007},
  };
  for (const auto& breach : breaches) {
    SCOPED_TRACE(breach.code);
    Harness h;
    h.Start();
    h.client.Send(Binary("before") + breach.wire + Binary("behind"));
    EXPECT_EQ(h.backend.written(), "before");
    EXPECT_TRUE(h.backend.fin_seen());
    EXPECT_EQ(h.ClientFrames(),
              (std::vector<Frame>{CloseFrame(breach.code, base::ReasonOf(breach.cause))}));
    h.client.Send(Binary("ignored"));
    h.client.End();
    h.backend.End();
    h.ExpectOver(breach.cause, std::to_string(breach.code));
    EXPECT_NE(h.log.lines[0]["detail"].find("RFC 6455"), std::string::npos);
  }
}

TEST(SessionCloseTest, AFaultInPayloadIsReportedThoughACloseFollowsInTheSameRead) {
  Harness h;
  h.is_websocket_backend = true;
  h.options().framing = settings::StreamFraming{settings::MessageType::kText};
  h.Start();
  h.client.Send(Binary("\xff") + Close(1000, ""));
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{CloseFrame(1002, "protocol_error")}));
}

TEST(SessionCloseTest, ABreachDuringTheClosingHandshakeKeepsTheFirstCause) {
  Harness h;
  h.Start();
  h.backend.End();
  h.client.Send(Text("\xff"));
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{CloseFrame(1000, "backend_closed")}));
  h.client.End();
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

}  // namespace
}  // namespace sluice::session
