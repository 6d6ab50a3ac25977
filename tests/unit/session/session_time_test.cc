// What a session does when time passes: pings, idleness, and the bounds of closing.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "leg/understood.h"
#include "session/session_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using base::Cause;
using leg::testing::Understood;
using leg::testing::UnderstoodClose;
using testing::CloseBody;
using testing::Frame;
using testing::Harness;
using testing::OneRoute;
using testing::Pattern;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Pong;
using websocket::testing::Text;

settings::Config WithPings(int interval, int timeout) {
  settings::Config config = OneRoute();
  auto& options = config.routes[0].options;
  options.keepalive.ping_interval = base::Duration(interval);
  options.keepalive.pong_timeout = base::Duration(timeout);
  options.close_timeout = base::Duration(20);
  return config;
}

TEST(SessionTimeTest, PingsAndMeasuresTheRoundTrip) {
  Harness h(WithPings(10, 5'000));
  h.Start();
  ASSERT_TRUE(h.RunUntil([&] { return h.ClientFrames().size() == 1; }));
  const Frame ping = h.ClientFrames()[0];
  EXPECT_EQ(ping.opcode, Opcode::kPing);
  EXPECT_EQ(ping.payload.size(), 4u);
  EXPECT_EQ(h.route().pings_sent.Value(), 1u);
  const auto round_trips = [&] {
    uint64_t count = 0;
    for (size_t i = 0; i <= metrics::kLatencyBounds.size(); ++i) {
      count += h.route().ping_rtt.CountIn(i);
    }
    return count;
  };
  EXPECT_EQ(round_trips(), 0u);
  h.client.Send(Pong(ping.payload));
  EXPECT_EQ(round_trips(), 1u);
  h.client.Send(Pong(ping.payload));
  EXPECT_EQ(round_trips(), 1u) << "counted once";
}

TEST(SessionTimeTest, PingsAgainAndAgainWhileAnswered) {
  Harness h(WithPings(10, 5'000));
  h.Start();
  size_t answered = 0;
  ASSERT_TRUE(h.RunUntil([&] {
    const auto frames = h.ClientFrames();
    for (; answered < frames.size(); ++answered) h.client.Send(Pong(frames[answered].payload));
    return answered == 4;
  }));
  EXPECT_NE(h.ClientFrames()[0].payload, h.ClientFrames()[1].payload);
  EXPECT_FALSE(h.ended());
}

TEST(SessionTimeTest, GivesUpASilentClient) {
  Harness h(WithPings(10, 20));
  h.Start();
  ASSERT_TRUE(h.RunUntilEnded());
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1011, "pong_timeout")}));
  h.ExpectOver(Cause::kPongTimeout, "1011");
}

TEST(SessionTimeTest, GivesUpADeadClientThoughTheBackendGoesOnSending) {
  Harness h(WithPings(10, 20));
  h.Start();
  h.client.unacknowledged = 100;  // The head and all that follows is never acknowledged.
  ASSERT_TRUE(h.RunUntil([&] {
    h.backend.Send("x");
    h.client.unacknowledged = h.client.written().size();
    return h.ended();
  }));
  h.ExpectOver(Cause::kPongTimeout, "1011");
}

TEST(SessionTimeTest, HoldsNothingAgainstAClientThatIsNotRead) {
  Harness h(WithPings(10, 20));
  h.Start();
  h.backend.TakeNothing();
  h.client.Send(Binary(Pattern(2 * workspace::kQueueMark)));
  ASSERT_TRUE(h.RunUntil([&] { return h.route().pings_sent.Value() >= 1; }));
  const auto until = net::EventLoop::Now() + base::Duration(200);
  ASSERT_TRUE(h.RunUntil([&] { return net::EventLoop::Now() > until; }));
  EXPECT_FALSE(h.ended());
  EXPECT_EQ(h.ClientFrames().back().opcode, Opcode::kPing);
}

TEST(SessionTimeTest, IdleWithoutPayload) {
  auto config = WithPings(10, 5'000);
  config.routes[0].options.idle_timeout = base::Duration(60);
  Harness h(config);
  h.Start();
  size_t answered = 0;
  ASSERT_TRUE(h.RunUntil([&] {  // Pings and pongs do not count.
    const auto frames = h.ClientFrames();
    for (; answered < frames.size(); ++answered) {
      if (frames[answered].opcode == Opcode::kPing) h.client.Send(Pong(frames[answered].payload));
    }
    return frames.size() > 1 && frames.back().opcode == Opcode::kClose;
  }));
  EXPECT_EQ(h.ClientFrames().back().payload, CloseBody(1001, "idle_timeout"));
  h.client.SendAndEnd(Close(1001, ""));
  h.backend.End();
  h.ExpectOver(Cause::kIdleTimeout, "1001");
}

TEST(SessionTimeTest, PayloadKeepsASessionFromBeingIdle) {
  settings::Config config = OneRoute();
  constexpr base::Duration kIdle(100);
  config.routes[0].options.idle_timeout = kIdle;
  Harness h(config);
  h.Start();
  const auto closing = [&] {
    const auto frames = h.ClientFrames();
    return !frames.empty() && frames.back().opcode == Opcode::kClose;
  };
  const auto until = net::EventLoop::Now() + 3 * kIdle;
  base::TimePoint last;
  ASSERT_TRUE(h.RunUntil([&] {
    if (!closing()) {
      last = net::EventLoop::Now();
      h.backend.Send("x");
    }
    return closing() || last > until;
  }));
  ASSERT_TRUE(h.RunUntil(closing));
  // Whatever the machine was busy with meanwhile.
  EXPECT_GE(net::EventLoop::Now() - last, kIdle);
}

TEST(SessionTimeTest, ABackendWhoseHostFellSilentIsGivenUp) {
  settings::Config config = OneRoute();
  config.routes[0].options.keepalive.backend_timeout = base::Duration(20);
  Harness h(config);
  h.Start();
  const auto until = net::EventLoop::Now() + base::Duration(100);
  ASSERT_TRUE(h.RunUntil([&] { return net::EventLoop::Now() > until; }));
  EXPECT_TRUE(h.ClientFrames().empty()) << "it answers, and has nothing to say";
  h.backend.silent = true;
  ASSERT_TRUE(h.RunUntil([&] { return !h.ClientFrames().empty(); }));
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1011, "backend_reset")}));
  h.client.SendAndEnd(Close(1011, ""));
  h.ExpectOver(Cause::kBackendReset, "1011");
}

TEST(SessionTimeTest, AClientThatDoesNotAnswerTheCloseIsCut) {
  Harness h(WithPings(0, 10));
  h.Start();
  h.backend.End();
  ASSERT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST(SessionTimeTest, ABackendThatDoesNotEndIsCut) {
  Harness h(WithPings(0, 10));
  h.Start();
  h.client.SendAndEnd(Close(1000, ""));
  EXPECT_FALSE(h.ended());
  ASSERT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST(SessionTimeTest, ABackendThatTakesNothingIsCut) {
  Harness h(WithPings(0, 40));
  h.Start();
  h.backend.TakeNothing();
  h.client.SendAndEnd(Binary("stuck") + Close(1000, ""));
  ASSERT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST(SessionTimeTest, APeerThatStillTakesBytesIsWaitedFor) {
  Harness h(WithPings(0, 500));
  h.Start();
  h.backend.TakeNothing();
  const std::string payload = Pattern(1000);
  h.client.SendAndEnd(Binary(payload) + Close(1000, ""));
  // Longer in all than any of the bounds, but never silent for one.
  auto next = net::EventLoop::Now();
  ASSERT_TRUE(h.RunUntil([&] {
    if (net::EventLoop::Now() >= next) {
      h.backend.Take(50);
      next = net::EventLoop::Now() + base::Duration(40);
    }
    return h.backend.fin_seen() || h.ended();
  }));
  EXPECT_EQ(h.backend.written(), payload);
}

/// Runs the session to its end and returns how long that took.
base::Duration TimeToEnd(Harness& h) {
  const auto begin = net::EventLoop::Now();
  EXPECT_TRUE(h.RunUntilEnded());
  return net::EventLoop::Now() - begin;
}

TEST(SessionTimeTest, AnAcknowledgedCloseDoesNotDoubleTheTimeLimit) {
  Harness h(WithPings(0, 10));
  h.options().close_timeout = base::Duration(400);
  h.Start();
  h.client.unacknowledged = testing::kHead.size() + 20;  // The head and the Close.
  h.backend.End();
  h.client.unacknowledged = 0;
  const auto took = TimeToEnd(h);
  EXPECT_GE(took, base::Duration(400));
  EXPECT_LT(took, base::Duration(700));
  EXPECT_EQ(h.log.lines.back()["detail"], "closing made no progress for timeouts.close");
}

TEST(SessionTimeTest, TheEndOfOneLegDoesNotRestartTheTimeLimitOfTheOther) {
  Harness h(WithPings(0, 10));
  h.options().close_timeout = base::Duration(400);
  h.Start();
  h.client.Send(Close(1000, ""));  // The backend does not end.
  const auto begin = net::EventLoop::Now();
  ASSERT_TRUE(h.RunUntil([&] { return net::EventLoop::Now() - begin > base::Duration(300); }));
  h.client.End();
  EXPECT_FALSE(h.client.is_open());
  ASSERT_TRUE(h.RunUntilEnded());
  EXPECT_LT(net::EventLoop::Now() - begin, base::Duration(650));
}

/// Has `h`, which is closing, get `bytes` from its client again and again, and returns how long it
/// goes on.
base::Duration TimeToEndOfATalker(Harness& h, std::string_view bytes) {
  const auto begin = net::EventLoop::Now();
  auto next = begin;
  EXPECT_TRUE(h.RunUntil([&] {
    if (h.client.is_open() && net::EventLoop::Now() >= next) {
      h.client.Send(bytes);
      next = net::EventLoop::Now() + base::Duration(10);
    }
    return h.ended();
  }));
  return net::EventLoop::Now() - begin;
}

TEST(SessionTimeTest, AClientThatIgnoresTheCloseAndKeepsSendingIsCut) {
  Harness h(WithPings(0, 10));
  h.options().close_timeout = base::Duration(50);
  h.options().close_total = base::Duration(300);
  h.Start();
  h.backend.End();
  const auto took = TimeToEndOfATalker(h, Binary("and another thing"));
  EXPECT_GE(took, base::Duration(300)) << "as long as it makes progress it has all of the time";
  EXPECT_LT(took, base::Duration(600));
  h.ExpectOver(Cause::kBackendClosed, "1000");
  EXPECT_EQ(h.log.lines.back()["detail"], "closing took longer than timeouts.close_total");
}

TEST(SessionTimeTest, AClientOfPlainTcpThatIgnoresTheFinAndKeepsSendingIsCut) {
  Harness h(WithPings(0, 10));
  h.is_raw = true;
  h.options().close_timeout = base::Duration(50);
  h.options().close_total = base::Duration(300);
  h.Start();
  h.backend.End();
  const auto took = TimeToEndOfATalker(h, "and another thing");
  EXPECT_GE(took, base::Duration(300));
  EXPECT_LT(took, base::Duration(600));
  h.ExpectOver();
}

TEST(SessionTimeTest, ADrainDoesNotMoveTheEndOfASessionThatIsClosing) {
  Harness h(WithPings(0, 10));
  h.options().close_timeout = base::Duration(300);
  h.Start();
  h.backend.End();
  h.session->RequestCloseAt(net::EventLoop::Now(), Cause::kDrain);
  EXPECT_GE(TimeToEnd(h), base::Duration(300));
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST(SessionTimeTest, AfterAServerIsGivenUpTheTimerOfAClosingSessionRunsRarely) {
  Harness h(WithPings(0, 10));
  h.is_websocket_backend = true;
  h.options().close_total = base::Duration(10);  // How long the server is waited for.
  h.options().close_timeout = base::Duration(300);
  h.Start();
  h.client.SendAndEnd(Close(1000, ""));
  const auto took = TimeToEnd(h);
  EXPECT_GE(took, base::Duration(300));
  // Each check asks the kernel twice.
  EXPECT_LE(h.backend.progress_queries(), size_t{3 * kClosingChecks});
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST(SessionTimeTest, AServerIsGivenUpAfterAFaultInTheLastMessageToIt) {
  Harness h(WithPings(0, 10));
  h.is_raw = true;
  h.is_websocket_backend = true;
  h.options().framing = settings::StreamFraming{settings::MessageType::kText};
  h.options().close_total = base::Duration(20);
  h.Start();
  h.client.SendAndEnd("\xe2\x82");  // The first bytes of a character.
  EXPECT_EQ(Understood(h.backend.written()), UnderstoodClose(1007));
  ASSERT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kBackendReset, "-");
}

TEST(SessionTimeTest, AClientThatBrokeTheFramingIsNotWaitedForLong) {
  settings::Config config = OneRoute();
  config.routes[0].options.close_timeout = base::Duration(60'000);
  Harness h(config);
  h.Start();
  h.client.Send(Text("\xff"));
  h.backend.End();
  ASSERT_TRUE(h.RunUntilEnded());
  h.ExpectOver(Cause::kInvalidUtf8, "1007");
}

}  // namespace
}  // namespace sluice::session
