// How much a direction relays in a turn of the loop, and in a time.
#include <string>

#include <gtest/gtest.h>

#include "session/direction_harness.h"

namespace sluice::session {
namespace {

using testing::DirectionTest;
using testing::Pattern;
using testing::RawDirectionTest;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Ping;

// ---- The budget of a turn ----

TEST_F(RawDirectionTest, TheBudgetEndsATurnAndANewTurnContinues) {
  h.OpenToClient();
  h.backend.Send(Pattern(1500));
  EXPECT_FALSE(h.Transfer(1000));
  EXPECT_EQ(h.client.written(), Pattern(1000));
  EXPECT_EQ(h.budget, 0u);
  EXPECT_TRUE(h.direction->has_used_up_turn());
  EXPECT_TRUE(h.direction->is_paused());
  EXPECT_FALSE(h.direction->CanTransfer(*h.source));
  EXPECT_EQ(h.to_client().pauses.Value(), 0u) << "the sink is not full";

  h.direction->ResumeInNewTurn();
  EXPECT_FALSE(h.direction->has_used_up_turn());
  EXPECT_FALSE(h.Transfer(1000));
  EXPECT_EQ(h.client.written(), Pattern(1500));
  EXPECT_EQ(h.budget, 500u);
  EXPECT_FALSE(h.direction->is_paused());
}

TEST_F(DirectionTest, ControlFramesCostBudget) {
  h.OpenToBackend();
  std::string pings;
  while (pings.size() < 2000) pings += Ping("");
  h.client.max_read = 200;
  h.client.Send(pings);
  EXPECT_FALSE(h.Transfer(1000));
  EXPECT_EQ(h.client.reads(), 1u) << "the frames of one read cost more than the budget";
  EXPECT_EQ(h.budget, 0u);
  EXPECT_TRUE(h.direction->has_used_up_turn());
  h.direction->ResumeInNewTurn();
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.client.unread(), 0u);
}

TEST_F(DirectionTest, AnEventLeavesTheRestOfTheBudget) {
  h.OpenToBackend();
  const std::string frames = Binary(Pattern(100)) + Close(1000, "");
  h.client.Send(frames);
  EXPECT_TRUE(h.Transfer(1000));
  EXPECT_EQ(h.budget, 1000 - frames.size() - 2 * leg::kFrameCost);
  const size_t rest = h.budget;
  h.client.Send(Pattern(1000));
  EXPECT_FALSE(h.Continue());
  EXPECT_EQ(h.client.unread(), 1000 - rest);
  EXPECT_TRUE(h.direction->has_used_up_turn());
}

// ---- Bandwidth ----

/// Bytes a second. A quarter of it may come at once, and a twentieth of it after a wait.
constexpr size_t kBytesPerSecond = 400'000;
constexpr size_t kAtOnce = kBytesPerSecond / 4;

TEST_F(RawDirectionTest, ABandwidthLimitPausesAndResumes) {
  const base::TimePoint begin = net::EventLoop::Now();
  h.OpenToClient(kBytesPerSecond);
  const std::string bytes = Pattern(kAtOnce + kBytesPerSecond / 20);
  h.backend.Send(bytes);
  EXPECT_FALSE(h.Transfer());
  const auto took = static_cast<size_t>((net::EventLoop::Now() - begin).count());
  EXPECT_GE(h.client.written().size(), kAtOnce);
  EXPECT_LE(h.client.written().size(), kAtOnce + took * kBytesPerSecond / 1000);
  EXPECT_TRUE(h.direction->is_paused());
  EXPECT_FALSE(h.direction->has_used_up_turn());
  EXPECT_EQ(h.to_client().pauses.Value(), 0u);
  h.direction->ResumeInNewTurn();
  h.direction->ResumeWithoutSink();
  EXPECT_TRUE(h.direction->is_paused()) << "another reason to pause remains";
  ASSERT_TRUE(h.RunUntil([&] { return h.client.written().size() == bytes.size(); }));
  EXPECT_TRUE(h.client.written() == bytes);
  EXPECT_FALSE(h.direction->CanTransfer(*h.source));
}

TEST_F(RawDirectionTest, TheBudgetBoundsALimitedDirection) {
  h.OpenToClient(kBytesPerSecond);
  h.backend.Send(Pattern(1500));
  EXPECT_FALSE(h.Transfer(1000));
  EXPECT_EQ(h.backend.unread(), 500u);
  EXPECT_TRUE(h.direction->has_used_up_turn());
}

TEST_F(DirectionTest, TheCostOfFramesIsNoBandwidth) {
  h.OpenToBackend(kBytesPerSecond);
  std::string frames;
  while (frames.size() < kAtOnce / 5) frames += Binary("x");
  h.client.max_read = 1000;
  h.client.Send(frames);
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.client.unread(), 0u);
  EXPECT_FALSE(h.direction->is_paused());
}

}  // namespace
}  // namespace sluice::session
