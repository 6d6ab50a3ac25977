// Half-close through a WebSocket, as agreed between two sluices, and the codes of applications.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "leg/understood.h"
#include "session/session_harness.h"

namespace sluice::session {
namespace {

using base::Cause;
using leg::testing::Understood;
using leg::testing::UnderstoodClose;
using testing::CloseBody;
using testing::Frame;
using testing::Harness;
using testing::Pattern;
using testing::ServerFrame;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::ClientFrame;
using websocket::testing::Close;
using websocket::testing::Ping;

std::string End() {
  return ClientFrame{.opcode = Opcode::kEnd}.Bytes();
}
Frame EndFrame() {
  return {Opcode::kEnd, ""};
}

// ---- The codes of applications ----

TEST(SessionApplicationCloseTest, TheClientsCodeAndReasonGoToTheBackend) {
  Harness h;
  h.is_websocket_backend = true;
  h.Start();
  h.client.SendAndEnd(Close(4001, "my own"));
  EXPECT_EQ(Understood(h.backend.written()), UnderstoodClose(4001, "my own"));
  h.backend.SendAndEnd(ServerFrame(Opcode::kClose, CloseBody(4001, "")));
  h.ExpectOver(Cause::kClientClosed, "4001");
}

TEST(SessionApplicationCloseTest, OtherCodesOfTheClientDoNot) {
  for (const int code : {1000, 1001, 1011}) {
    Harness h;
    h.is_websocket_backend = true;
    h.Start();
    h.client.SendAndEnd(Close(static_cast<uint16_t>(code), "gone"));
    EXPECT_EQ(Understood(h.backend.written()), UnderstoodClose(1000)) << code;
  }
}

TEST(SessionApplicationCloseTest, TheBackendsCodeAndReasonGoToTheClient) {
  for (const auto codes : {settings::CloseCodes::kStandard, settings::CloseCodes::kWebsockify}) {
    Harness h;
    h.options().close_codes = codes;
    h.is_websocket_backend = true;
    h.Start();
    h.backend.SendAndEnd(ServerFrame(Opcode::kBinary, "bye") +
                         ServerFrame(Opcode::kClose, CloseBody(4999, "out of tea")));
    EXPECT_EQ(Understood(h.backend.written()), UnderstoodClose(4999));
    EXPECT_EQ(h.ClientFrames(),
              (std::vector<Frame>{{Opcode::kBinary, "bye"},
                                  {Opcode::kClose, CloseBody(4999, "out of tea")}}));
    h.client.SendAndEnd(Close(4999, ""));
    h.ExpectOver(Cause::kBackendClosed, "4999");
  }
}

TEST(SessionApplicationCloseTest, AClientOfPlainTcpCannotReceiveIt) {
  Harness h;
  h.is_raw = true;
  h.is_websocket_backend = true;
  h.Start();
  h.backend.SendAndEnd(ServerFrame(Opcode::kClose, CloseBody(4999, "out of tea")));
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kBackendReset, "-");
  EXPECT_EQ(h.log.lines[0]["detail"], "the server closed with code 4999: out of tea");
}

// ---- Half-close ----

class SessionHalfCloseTest : public ::testing::Test {
 protected:
  SessionHalfCloseTest() { h.has_half_close = true; }
  Harness h;
};

TEST_F(SessionHalfCloseTest, TheClientsEndIsRelayedAndTheOtherDirectionGoesOn) {
  h.Start();
  h.client.Send(Binary("question") + End());
  EXPECT_EQ(h.backend.written(), "question");
  EXPECT_TRUE(h.backend.fin_seen());
  h.Settle();
  EXPECT_TRUE(h.ClientFrames().empty());
  h.backend.Send("a long ");
  h.client.Send(Ping("still there?"));
  h.backend.SendAndEnd("answer");
  EXPECT_EQ(h.ClientFrames(),
            (std::vector<Frame>{{Opcode::kBinary, "a long "},
                                {Opcode::kPong, "still there?"},
                                {Opcode::kBinary, "answer"},
                                {Opcode::kClose, CloseBody(1000, "client_closed")}}));
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST_F(SessionHalfCloseTest, TheBackendsEndIsRelayedAndTheOtherDirectionGoesOn) {
  h.Start();
  h.backend.SendAndEnd("all");
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "all"}, EndFrame()}));
  EXPECT_FALSE(h.backend.fin_seen());
  h.client.Send(Binary("late"));
  EXPECT_EQ(h.backend.written(), "late");
  h.client.Send(End());
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1000, "backend_closed")}));
  h.client.SendAndEnd(Close(1000, ""));
  EXPECT_TRUE(h.backend.fin_seen());
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST_F(SessionHalfCloseTest, AfterTheBackendsEndTheClientMayClose) {
  h.Start();
  h.backend.End();
  h.client.SendAndEnd(Binary("late") + Close(1000, ""));
  EXPECT_EQ(h.backend.written(), "late");
  EXPECT_EQ(h.ClientFrames(),
            (std::vector<Frame>{EndFrame(), {Opcode::kClose, CloseBody(1000, "")}}));
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST_F(SessionHalfCloseTest, BothEndsWaitBehindWhatIsQueued) {
  const std::string payload = Pattern(1000);
  h.Start();
  h.client.TakeNothing();
  h.backend.TakeNothing();
  h.backend.SendAndEnd(payload);
  h.client.Send(Binary(payload));
  EXPECT_FALSE(h.backend.fin_seen());
  h.client.Take();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, payload}, EndFrame()}));
  h.backend.Take();
  EXPECT_EQ(h.backend.written(), payload);
  h.client.SendAndEnd(End() + Close(1000, ""));
  EXPECT_EQ(h.backend.written_before_fin(), payload.size());
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST_F(SessionHalfCloseTest, ABackendThatBreaksAfterItsEndIsReported) {
  h.Start();
  h.backend.SendAndEnd("all");
  h.backend.Reset();
  h.client.Send(Binary("late"));
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1011, "backend_reset")}));
  h.client.SendAndEnd(Close(1011, ""));
  h.ExpectOver(Cause::kBackendReset, "1011");
}

/// A backend that is a WebSocket and has ended its direction.
class SessionWebSocketHalfCloseTest : public SessionHalfCloseTest {
 protected:
  SessionWebSocketHalfCloseTest() {
    h.is_websocket_backend = true;
    h.backend_has_half_close = true;
  }
  void StartAndEndBackend() {
    h.Start();
    h.backend.Send(ServerFrame(Opcode::kBinary, "all") + ServerFrame(Opcode::kEnd, ""));
  }
  void Leave(uint16_t code, std::string_view reason = {}) {
    h.backend.SendAndEnd(ServerFrame(Opcode::kClose, CloseBody(code, reason)));
  }
};

TEST_F(SessionWebSocketHalfCloseTest, EitherEndIsRelayed) {
  StartAndEndBackend();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "all"}, EndFrame()}));
  h.backend.Send(ServerFrame(Opcode::kPing, "still there?"));
  h.client.Send(Binary("late"));
  h.client.Send(End());
  EXPECT_EQ(Understood(h.backend.written()), " pong\"still there?\"B\"late\".");
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1000, "backend_closed")}));
  h.client.SendAndEnd(Close(1000, ""));
  EXPECT_EQ(Understood(h.backend.written()),
            " pong\"still there?\"B\"late\"." + UnderstoodClose(1000));
  Leave(1000);
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST_F(SessionWebSocketHalfCloseTest, TheClientsEndIsAFrame) {
  h.Start();
  h.client.Send(Binary("question") + End());
  EXPECT_EQ(h.backend.written().substr(h.backend.written().size() - 6, 2), "\x8b\x80");
  h.backend.Send(ServerFrame(Opcode::kBinary, "answer"));
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "answer"}}));
  Leave(1000);
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST_F(SessionWebSocketHalfCloseTest, WithoutAgreementTheClientsEndIsAClose) {
  h.backend_has_half_close = false;
  h.Start();
  h.client.Send(Binary("question") + End());
  EXPECT_EQ(Understood(h.backend.written()), "B\"question\"." + UnderstoodClose(1000));
  h.backend.Send(ServerFrame(Opcode::kBinary, "answer"));
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "answer"}}));
  Leave(1000);
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST_F(SessionWebSocketHalfCloseTest, ALossAfterItsEndEndsTheSessionAtOnce) {
  StartAndEndBackend();
  h.client.Send(Binary("late"));
  h.backend.End();
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1011, "backend_reset")}));
  h.client.Send(Binary("too late"));
  h.client.SendAndEnd(Close(1011, ""));
  EXPECT_EQ(h.to_backend().bytes.Value(), 4u) << "what no one took is not counted";
  h.ExpectOver(Cause::kBackendReset, "1011");
  EXPECT_EQ(h.log.lines[0]["detail"], "the server ended the connection without a Close frame");
}

TEST_F(SessionWebSocketHalfCloseTest, ACleanCloseAfterItsEndIsNoError) {
  StartAndEndBackend();
  Leave(1000);
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1000, "backend_closed")}));
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST_F(SessionWebSocketHalfCloseTest, ACodeOfItsOwnAfterItsEndIsPassed) {
  StartAndEndBackend();
  Leave(4001, "out of tea");
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(4001, "out of tea")}));
  h.client.SendAndEnd(Close(4001, ""));
  h.ExpectOver(Cause::kBackendClosed, "4001");
}

TEST_F(SessionWebSocketHalfCloseTest, ACloseIsNoHalfClose) {
  h.Start();
  h.backend.Send(ServerFrame(Opcode::kBinary, "all"));
  Leave(1000);
  EXPECT_EQ(h.ClientFrames(),
            (std::vector<Frame>{{Opcode::kBinary, "all"},
                                {Opcode::kClose, CloseBody(1000, "backend_closed")}}));
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST_F(SessionWebSocketHalfCloseTest, AClientOfPlainTcpIsResetWhenItsBackendLeaves) {
  h.is_raw = true;
  h.has_half_close = false;
  h.client.unacknowledged = 1;
  StartAndEndBackend();
  EXPECT_TRUE(h.client.fin_seen());
  h.client.Send("late");
  h.backend.End();
  EXPECT_TRUE(h.client.is_open()) << "a reset must not overtake what the client has to read";
  h.client.unacknowledged = 0;
  h.client.Send("too late");
  EXPECT_EQ(h.to_backend().bytes.Value(), 4u);
  h.ExpectOver(Cause::kBackendReset, "-");
}

TEST_F(SessionHalfCloseTest, AClientThatLeavesAfterItsEndEndsTheSession) {
  h.Start();
  h.client.Send(Binary("question") + End());
  h.client.SendAndEnd(Close(4001, "enough"));
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(4001, "")}));
  h.backend.End();
  h.ExpectOver(Cause::kClientClosed, "4001");
}

TEST_F(SessionHalfCloseTest, AClientThatIsLostAfterItsEndEndsTheSession) {
  h.Start();
  h.client.Send(Binary("question") + End());
  h.client.Reset();
  h.backend.End();
  h.ExpectOver(Cause::kClientLost, "-");
}

TEST_F(SessionHalfCloseTest, DataAfterTheEndIsAViolation) {
  h.Start();
  h.client.Send(End());
  h.client.SendAndEnd(Binary("late"));
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kProtocolError, "1002");
  EXPECT_EQ(h.log.lines[0]["detail"],
            "a data frame after the end of its direction (x-sluice-half-close)");
}

TEST_F(SessionHalfCloseTest, ASecondEndIsAViolation) {
  h.Start();
  h.client.Send(End());
  h.client.SendAndEnd(End());
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kProtocolError, "1002");
}

TEST_F(SessionHalfCloseTest, ADrainClosesAHalfClosedSession) {
  h.Start();
  h.backend.SendAndEnd("all");
  h.session->RequestClose(Cause::kDrain);
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1012, "drain")}));
  h.client.SendAndEnd(Close(1012, ""));
  h.ExpectOver(Cause::kDrain, "1012");
}

TEST(SessionHalfCloseAgreementTest, WithoutItAnEndIsAViolation) {
  Harness h;
  h.Start();
  h.client.SendAndEnd(End());
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kProtocolError, "1002");
}

}  // namespace
}  // namespace sluice::session
