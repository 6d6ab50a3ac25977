// The relaying of a session: data both ways, pausing, fairness.
#include "sluice/session/session.h"

#include <gtest/gtest.h>

#include "session/session_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using testing::CloseBody;
using testing::Frame;
using testing::Harness;
using testing::Pattern;
using testing::ServerFrame;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::ClientFrame;
using websocket::testing::Close;
using websocket::testing::Continuation;
using websocket::testing::Ping;
using websocket::testing::Text;

TEST(SessionTest, SendsTheHeadFirst) {
  Harness h;
  h.backend.Send("greeting");  // The server speaks first, before the 101 has gone out.
  h.Start();
  EXPECT_EQ(h.client.written().substr(0, testing::kHead.size()), testing::kHead);
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "greeting"}}));
  EXPECT_EQ(h.route().sessions_opened.Value(), 1u);
  EXPECT_EQ(h.route().sessions_active.Value(), 1u);
}

TEST(SessionTest, TheHeadSurvivesShortWrites) {
  Harness h;
  h.client.max_write = 1;
  h.Start();
  h.backend.Send("x");
  h.Settle();
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kBinary, "x"}}));
}

TEST(SessionTest, RelaysBothWays) {
  Harness h;
  h.Start();
  h.client.Send(Binary("one") + Text("two") + Binary(""));
  EXPECT_EQ(h.backend.written(), "onetwo");
  EXPECT_EQ(h.backend.writes(), 1u) << "what one read brought leaves in one write";
  h.backend.Send("three");
  EXPECT_EQ(h.ToClient(), "three");
  EXPECT_EQ(h.to_backend().bytes.Value(), 6u);
  EXPECT_EQ(h.to_backend().messages.Value(), 3u);
  EXPECT_EQ(h.to_client().bytes.Value(), 5u);
  EXPECT_EQ(h.to_client().messages.Value(), 1u);
}

TEST(SessionTest, RelaysFragmentsAsTheyCome) {
  Harness h;
  h.Start();
  h.client.Send(Binary("a", false) + Ping("p") + Continuation("b", false));
  EXPECT_EQ(h.backend.written(), "ab");
  h.client.Send(Continuation("c"));
  EXPECT_EQ(h.backend.written(), "abc");
  EXPECT_EQ(h.to_backend().messages.Value(), 1u);
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{{Opcode::kPong, "p"}}));
}

TEST(SessionTest, RelaysTheBeginningOfAFrameBeforeItsEnd) {
  Harness h;
  h.Start();
  ClientFrame frame{.payload = "begin"};
  frame.announced = uint64_t{4} << 30;
  h.client.Send(frame.Bytes());
  EXPECT_EQ(h.backend.written(), "begin");
}

TEST(SessionTest, TakesBytesThatCameBehindTheHead) {
  Harness h;
  const std::string early = Binary("early") + Binary("cut").substr(0, 7);
  h.client.Send(Binary("cut").substr(7) + Binary("late"));
  h.Start(base::AsBytes(early));
  EXPECT_EQ(h.backend.written(), "earlycutlate");
}

TEST(SessionTest, EveryByteCutReadsAlike) {
  Harness h;
  h.Start();
  h.client.max_read = h.backend.max_read = 1;
  h.client.max_write = h.backend.max_write = 1;
  h.client.Send(Binary(Pattern(300)) + Ping("abc") + Text("end"));
  h.backend.Send(Pattern(200));
  h.Settle();
  EXPECT_EQ(h.backend.written(), Pattern(300) + "end");
  EXPECT_EQ(h.ToClient(), Pattern(200));
  EXPECT_EQ(h.to_backend().queued.Value(), 0u);
  EXPECT_EQ(h.to_client().queued.Value(), 0u);
}

TEST(SessionTest, AFullBackendPausesTheClient) {
  Harness h;
  h.Start();
  h.backend.TakeNothing();
  const std::string payload = Pattern(3 * workspace::kQueueMark);
  h.client.Send(Binary(payload));
  h.Settle();
  EXPECT_EQ(h.to_backend().pauses.Value(), 1u);
  EXPECT_GT(h.client.unread(), 2 * workspace::kQueueMark - 100);
  EXPECT_LE(h.to_backend().queued.Value(), workspace::kQueueMark);
  EXPECT_GT(h.to_backend().queued.Value(), 0u);

  // Above half of its mark the queue is only flushed; below, reading goes on.
  const size_t unread = h.client.unread();
  const size_t queued = h.to_backend().queued.Value();
  h.backend.Take(queued - workspace::kQueueMark / 2);
  EXPECT_EQ(h.to_backend().queued.Value(), workspace::kQueueMark / 2);
  EXPECT_EQ(h.client.unread(), unread);
  h.backend.Take(1);
  EXPECT_LT(h.client.unread(), unread);
  EXPECT_LE(h.to_backend().queued.Value(), workspace::kQueueMark);
  EXPECT_EQ(h.to_backend().pauses.Value(), 2u);

  h.backend.Take();
  h.Settle();
  EXPECT_EQ(h.backend.written(), payload);
  EXPECT_EQ(h.to_backend().queued.Value(), 0u);
}

TEST(SessionTest, AFullClientPausesTheBackend) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  const std::string payload = Pattern(3 * workspace::kQueueMark);
  h.backend.Send(payload);
  h.Settle();
  EXPECT_EQ(h.to_client().pauses.Value(), 1u);
  EXPECT_GT(h.backend.unread(), 2 * workspace::kQueueMark - 100);
  EXPECT_LE(h.to_client().queued.Value(), workspace::kQueueMark + websocket::kMaxServerHeader);

  const size_t unread = h.backend.unread();
  h.client.Take(h.to_client().queued.Value() - workspace::kQueueMark / 2);
  EXPECT_EQ(h.backend.unread(), unread);
  h.client.Take(1);
  EXPECT_LT(h.backend.unread(), unread);
  EXPECT_LE(h.to_client().queued.Value(), workspace::kQueueMark + websocket::kMaxServerHeader);

  h.client.Take();
  h.Settle();
  EXPECT_EQ(h.ToClient(), payload);
  EXPECT_EQ(h.to_client().queued.Value(), 0u);
}

TEST(SessionTest, ASlowPeerLosesNothingWhateverItTakes) {
  for (const size_t step : {size_t{1000}, size_t{4096}, size_t{100'000}, workspace::kQueueMark}) {
    SCOPED_TRACE(step);
    Harness h;
    h.Start();
    h.client.TakeNothing();
    h.backend.TakeNothing();
    const std::string payload = Pattern(2 * workspace::kQueueMark + 77);
    h.client.Send(Binary(payload));
    h.backend.Send(payload);
    while (h.backend.written().size() < payload.size() || h.ToClient().size() < payload.size()) {
      const size_t before = h.backend.written().size() + h.client.written().size();
      h.client.Take(step);
      h.backend.Take(step);
      ASSERT_GT(h.backend.written().size() + h.client.written().size(), before);
      ASSERT_LE(h.to_backend().queued.Value(), workspace::kQueueMark);
      ASSERT_LE(h.to_client().queued.Value(), workspace::kQueueMark + websocket::kMaxServerHeader);
    }
    EXPECT_EQ(h.backend.written(), payload);
    EXPECT_EQ(h.ToClient(), payload);
  }
}

TEST(SessionTest, OneDirectionStandsStillWithoutTheOther) {
  Harness h;
  h.Start();
  h.backend.TakeNothing();
  h.client.Send(Binary(Pattern(workspace::kQueueMark)));
  h.backend.Send("still here");
  EXPECT_EQ(h.ToClient(), "still here");
}

TEST(SessionTest, APongGoesBetweenTheFramesThatWait) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send("first");
  h.client.Take(3);  // Into the first frame.
  h.client.TakeNothing();
  h.client.Send(Ping("p"));
  h.client.Take();
  EXPECT_EQ(h.ClientFrames(),
            (std::vector<Frame>{{Opcode::kBinary, "first"}, {Opcode::kPong, "p"}}));
}

TEST(SessionTest, APongOvertakesFramesThatHaveNotBegun) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send("waits");
  h.client.Send(Ping("p"));
  h.client.Take();
  EXPECT_EQ(h.ClientFrames(),
            (std::vector<Frame>{{Opcode::kPong, "p"}, {Opcode::kBinary, "waits"}}));
}

TEST(SessionTest, AnUnsolicitedPongIsNoPayload) {
  Harness h;
  h.Start();
  h.client.Send(websocket::testing::Pong("????") + websocket::testing::Pong("long one"));
  EXPECT_EQ(h.backend.written(), "");
  EXPECT_TRUE(h.ClientFrames().empty());
}

TEST(SessionTest, YieldsWhenItHasHadItsShareOfATurn) {
  for (const bool to_client : {false, true}) {
    SCOPED_TRACE(to_client);
    Harness h;
    h.Start();
    const std::string payload = Pattern(3 * kTurnBudget);
    auto& source = to_client ? h.backend : h.client;
    source.Send(to_client ? payload : Binary(payload));
    // Send returns, and so lets others run, when the budget of one turn is used up.
    const size_t wire = payload.size() + (to_client ? 0 : websocket::kMaxClientHeader);
    EXPECT_GE(source.unread(), wire - kTurnBudget);
    EXPECT_LE(source.unread(), wire - kTurnBudget + 8 * leg::kFrameCost);
    net::testing::RunTurns(h.loop, 5);
    EXPECT_EQ(source.unread(), 0u);
    EXPECT_EQ(to_client ? h.ToClient() : h.backend.written(), payload);
    EXPECT_EQ(h.to_backend().pauses.Value() + h.to_client().pauses.Value(), 0u);
  }
}

TEST(SessionTest, SmallFramesUseUpTheShareSooner) {
  Harness h;
  h.Start();
  std::string frames;
  while (frames.size() < kTurnBudget) frames += Binary("x");
  h.client.Send(frames);
  EXPECT_GT(h.client.unread(), kTurnBudget / 2);
  h.Settle();
  net::testing::RunTurns(h.loop, 20);
  EXPECT_EQ(h.backend.written().size(), frames.size() / Binary("x").size());
}

TEST(SessionTest, AnEventOfALegGivesNoNewShareOfATurn) {
  for (const bool to_client : {false, true}) {
    SCOPED_TRACE(to_client);
    Harness h;
    h.is_websocket_backend = to_client;
    h.Start();
    const std::string before = Pattern(kTurnBudget / 2);
    const std::string discarded = Pattern(kTurnBudget * 3 / 4);
    auto& source = to_client ? h.backend : h.client;
    source.Send(to_client ? ServerFrame(Opcode::kBinary, before) +
                                ServerFrame(Opcode::kClose, CloseBody(1000, "")) + discarded
                          : Binary(before) + Close(1000, "") + discarded);
    EXPECT_GE(source.unread(), kTurnBudget / 4);
    net::testing::RunTurns(h.loop, 2);
    EXPECT_EQ(source.unread(), 0u);
  }
}

TEST(SessionTest, GoesOnWithTheOtherDirectionWhenOneHasHadItsShare) {
  Harness h;
  h.Start();
  h.client.Send(Binary(Pattern(2 * kTurnBudget)));
  h.backend.Send("now");
  EXPECT_EQ(h.ToClient(), "now");
}

}  // namespace
}  // namespace sluice::session
