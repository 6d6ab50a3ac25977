// Sessions whose client speaks plain TCP.
#include <gtest/gtest.h>

#include "session/session_harness.h"

namespace sluice::session {
namespace {

using base::Cause;
using testing::CloseBody;
using testing::Harness;
using testing::Pattern;
using testing::ServerFrame;
using websocket::Opcode;

class RawSessionTest : public ::testing::Test {
 protected:
  RawSessionTest() { h.is_raw = true; }
  Harness h;
};

TEST_F(RawSessionTest, BytesGoThroughAsTheyAre) {
  h.Start(base::AsBytes("early "));
  h.client.Send("more");
  h.backend.Send("answer");
  EXPECT_EQ(h.backend.written(), "early more");
  EXPECT_EQ(h.client.written(), "answer");
  EXPECT_EQ(h.to_client().bytes.Value(), 6u);
  EXPECT_EQ(h.to_client().messages.Value(), 0u);
  h.client.End();
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kClientClosed, "-");
}

TEST_F(RawSessionTest, AClientsEndIsRelayedAndTheOtherDirectionGoesOn) {
  h.Start();
  h.client.SendAndEnd("question");
  EXPECT_TRUE(h.backend.fin_seen());
  h.Settle();
  EXPECT_FALSE(h.client.fin_seen());
  h.backend.Send("a long ");
  h.backend.SendAndEnd("answer");
  EXPECT_EQ(h.client.written(), "a long answer");
  h.Settle();
  h.ExpectOver(Cause::kClientClosed, "-");
}

TEST_F(RawSessionTest, ABackendsEndIsRelayedAndTheOtherDirectionGoesOn) {
  h.Start();
  h.backend.SendAndEnd("all");
  EXPECT_EQ(h.client.written(), "all");
  EXPECT_TRUE(h.client.fin_seen());
  EXPECT_FALSE(h.backend.fin_seen());
  h.client.SendAndEnd("late");
  EXPECT_EQ(h.backend.written(), "late");
  h.Settle();
  h.ExpectOver(Cause::kBackendClosed, "-");
}

TEST_F(RawSessionTest, TheEndWaitsBehindWhatIsQueued) {
  h.Start();
  h.client.TakeNothing();
  h.backend.SendAndEnd(Pattern(100'000));
  EXPECT_FALSE(h.client.fin_seen());
  h.client.Take(1);
  EXPECT_FALSE(h.client.fin_seen());
  h.client.Take();
  EXPECT_TRUE(h.client.written() == Pattern(100'000));
  EXPECT_TRUE(h.client.fin_seen());
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kBackendClosed, "-");
}

TEST_F(RawSessionTest, ASlowClientPausesTheBackend) {
  h.Start();
  h.client.TakeNothing();
  const std::string bytes = Pattern(3'000'000);
  h.backend.Send(bytes);
  h.Settle();
  EXPECT_LE(bytes.size() - h.backend.unread(), workspace::kQueueMark);
  h.client.Take();
  h.Settle();
  EXPECT_TRUE(h.client.written() == bytes);
}

TEST_F(RawSessionTest, ManyBytesAreSpliced) {
  h.client.can_splice = h.backend.can_splice = true;
  h.Start();
  const std::string bytes = Pattern(2'000'000);
  h.backend.Send(bytes);
  h.Settle();
  EXPECT_TRUE(h.client.written() == bytes);
  EXPECT_GT(h.client.spliced(), 0u);
  h.backend.End();
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kBackendClosed, "-");
}

TEST_F(RawSessionTest, ADrainIsAFinAndWhatTheClientStillSendsIsDelivered) {
  h.Start();
  h.session->RequestClose(Cause::kDrain);
  EXPECT_TRUE(h.client.fin_seen());
  EXPECT_EQ(h.client.written(), "");
  h.client.SendAndEnd("bye");
  EXPECT_EQ(h.backend.written(), "bye");
  EXPECT_TRUE(h.backend.fin_seen());
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kDrain, "-");
}

TEST_F(RawSessionTest, ADrainWhenTheClientHasEnded) {
  h.Start();
  h.client.End();
  h.session->RequestClose(Cause::kDrain);
  EXPECT_TRUE(h.client.fin_seen());
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kDrain, "-");
}

TEST_F(RawSessionTest, AResetOfTheClient) {
  h.Start();
  h.client.Send("x");
  h.client.Reset();
  EXPECT_TRUE(h.backend.fin_seen());
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kClientLost, "-");
}

TEST_F(RawSessionTest, AClientThatHasEndedIsNoticedWhenItIsGone) {
  h.Start();
  h.client.End();
  h.client.Reset();
  h.backend.Send("nobody listens");
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kClientLost, "-");
}

TEST_F(RawSessionTest, AResetOfTheBackend) {
  h.Start();
  h.backend.Send("x");
  h.backend.Reset();
  EXPECT_EQ(h.client.written(), "x");
  EXPECT_TRUE(h.client.fin_seen());
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kBackendReset, "-");
}

TEST_F(RawSessionTest, ALossAfterTheCloseOfAServerIsNoReset) {
  h.is_websocket_backend = true;
  h.client.unacknowledged = 1;  // Or the leg of the client is closed at once.
  h.Start();
  h.backend.Send(ServerFrame(Opcode::kClose, CloseBody(1000, "")));
  h.backend.Reset();
  EXPECT_TRUE(h.client.is_open());
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kBackendClosed, "-");
  EXPECT_EQ(h.log.lines[0]["detail"], "-");
}

TEST_F(RawSessionTest, AFailedDialIsAFin) {
  h.Fail(Cause::kBackendRefused, base::AsBytes("early"));
  EXPECT_TRUE(h.client.fin_seen());
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kBackendRefused, "-");
}

TEST_F(RawSessionTest, AClientThatStaysBehindTheBackendsEndIsLetGo) {
  h.options().close_timeout = base::Duration(50);
  h.Start();
  h.backend.End();
  EXPECT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kBackendClosed, "-");
}

TEST_F(RawSessionTest, AClientThatWaitsForItsAnswerIsNot) {
  h.options().close_timeout = base::Duration(20);
  h.Start();
  h.client.SendAndEnd("question");
  const auto until = net::EventLoop::Now() + base::Duration(100);
  h.RunUntil([&] { return net::EventLoop::Now() > until; });
  EXPECT_FALSE(h.ended());
  h.backend.SendAndEnd("answer");
  EXPECT_EQ(h.client.written(), "answer");
}

TEST_F(RawSessionTest, NobodyIsPinged) {
  h.options().keepalive.ping_interval = base::Duration(5);
  h.Start();
  const auto until = net::EventLoop::Now() + base::Duration(50);
  h.RunUntil([&] { return net::EventLoop::Now() > until; });
  EXPECT_EQ(h.client.written(), "");
  EXPECT_FALSE(h.ended());
}

TEST_F(RawSessionTest, AHostThatFallsSilentIsGivenUp) {
  h.options().keepalive.backend_timeout = base::Duration(20);
  h.client.silent = true;
  h.Start();
  EXPECT_TRUE(h.RunUntil([&] { return h.backend.fin_seen(); }));
  h.backend.End();
  EXPECT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kClientLost, "-");
}

}  // namespace
}  // namespace sluice::session
