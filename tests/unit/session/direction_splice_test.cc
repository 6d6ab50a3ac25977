// When a direction relays through a pipe.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "session/direction_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using testing::DirectionHarness;
using testing::Pattern;
using InputStatus = leg::Input::Status;
using OutputStatus = leg::Output::Status;

struct SpliceHarness : DirectionHarness {
  SpliceHarness() { is_raw = client.can_splice = backend.can_splice = true; }

  /// Relays so much in one read that the next one pays to be spliced.
  void RelayBulk() {
    backend.Send(Pattern(kBulkRead));
    EXPECT_FALSE(Transfer());
    EXPECT_EQ(backend.spliced(), 0u);
  }

  std::vector<net::PipePool::Lent> pipes;  ///< that are not in the pool
};

class DirectionSpliceTest : public ::testing::Test {
 protected:
  SpliceHarness h;
};

TEST_F(DirectionSpliceTest, SplicesAfterALargeRead) {
  h.OpenToClient();
  h.backend.Send(Pattern(kBulkRead - 1));
  h.Transfer();
  h.backend.Send("copied");
  h.Transfer();
  EXPECT_EQ(h.backend.spliced(), 0u) << "one byte was missing";
  h.RelayBulk();
  h.backend.Send("spliced");
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.backend.spliced(), 7u);
  EXPECT_EQ(h.client.spliced(), 7u);
  h.backend.Send("copied");
  h.Transfer();
  EXPECT_EQ(h.backend.spliced(), 7u) << "the last read was small";
  const std::string all =
      Pattern(kBulkRead - 1) + "copied" + Pattern(kBulkRead) + "spliced" + "copied";
  EXPECT_TRUE(h.client.written() == all);
  EXPECT_EQ(h.direction->bytes(), all.size());
  EXPECT_EQ(h.to_client().bytes.Value(), all.size());
}

TEST(DirectionSpliceConditionsTest, SplicesOnlyIfAllHold) {
  struct Condition {
    const char* missing;
    void (*remove)(SpliceHarness& h);
  };
  const Condition conditions[] = {
      {"only the source sends", [](auto& h) { h.direction->StopSplicing(); }},
      {"no half-close", [](auto& h) { h.direction->Enter(Direction::State::kHalfClosed); }},
      {"no discarding", [](auto& h) { h.direction->Enter(Direction::State::kDiscarding); }},
      {"a sink", [](auto& h) { h.sink.reset(); }},
      {"a sink that takes payload", [](auto& h) { h.sink->RefusePayload(); }},
      {"a sink that can be spliced to", [](auto& h) { h.client.can_splice = false; }},
      {"a source that can be spliced from", [](auto& h) { h.backend.can_splice = false; }},
      {"an empty queue",
       [](auto& h) {
         h.direction->StopSplicing();
         h.client.TakeNothing();
         h.RelayBulk();
         h.client.Take(kBulkRead / 2);
         h.direction->Flush(*h.sink);
       }},
      {"a pipe",
       [](auto& h) {
         while (auto pipe = h.workspace.pipes.Take()) h.pipes.push_back(std::move(pipe));
       }},
  };
  for (const Condition& condition : conditions) {
    SCOPED_TRACE(condition.missing);
    SpliceHarness h;
    h.OpenToClient();
    h.RelayBulk();
    condition.remove(h);
    h.backend.Send("more");
    EXPECT_FALSE(h.Transfer());
    EXPECT_EQ(h.backend.unread(), 0u);
    EXPECT_EQ(h.backend.spliced(), 0u);
  }
}

TEST_F(DirectionSpliceTest, SplicingCostsBudget) {
  h.OpenToClient();
  h.backend.max_read = kBulkRead;
  h.backend.Send(Pattern(4 * kBulkRead));
  EXPECT_FALSE(h.Transfer(2 * kBulkRead + 1000));
  EXPECT_EQ(h.backend.spliced(), kBulkRead + 1000);
  EXPECT_EQ(h.backend.unread(), 2 * kBulkRead - 1000);
  EXPECT_TRUE(h.direction->has_used_up_turn());
}

TEST_F(DirectionSpliceTest, ABandwidthLimitBoundsWhatIsSpliced) {
  constexpr size_t kRate = 400'000;
  constexpr size_t kBurst = kRate / 4;
  const base::TimePoint begin = net::EventLoop::Now();
  h.OpenToClient(kRate);
  h.backend.Send(Pattern(60'000));
  h.Transfer();
  h.backend.Send(Pattern(kRate));
  EXPECT_FALSE(h.Transfer());
  const auto took = static_cast<size_t>((net::EventLoop::Now() - begin).count());
  EXPECT_GT(h.backend.spliced(), 0u);
  EXPECT_LE(h.direction->bytes(), kBurst + took * kRate / 1000);
  EXPECT_TRUE(h.direction->is_paused());
}

TEST_F(DirectionSpliceTest, APipeThatIsNotEmptiedPausesTheSource) {
  h.OpenToClient();
  h.RelayBulk();
  h.client.TakeNothing();
  h.client.Take(10);
  h.backend.Send(Pattern(1000));
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.sink->queued(), 990u);
  EXPECT_TRUE(h.direction->is_paused());
  EXPECT_EQ(h.to_client().pauses.Value(), 1u);
  h.client.Take(100);
  h.direction->Flush(*h.sink);
  EXPECT_TRUE(h.direction->is_paused()) << "nothing can be queued after a pipe";
  h.client.Take();
  h.direction->Flush(*h.sink);
  EXPECT_FALSE(h.direction->is_paused());
  EXPECT_TRUE(h.client.written() == Pattern(kBulkRead) + Pattern(1000));
}

TEST_F(DirectionSpliceTest, TheEndOfTheSourceIsReadWithoutAPipe) {
  h.OpenToClient();
  h.RelayBulk();
  h.backend.End();
  EXPECT_EQ(h.Transfer().input.status, InputStatus::kEnd);
}

TEST_F(DirectionSpliceTest, AReadIntoAPipeThatFailsIsALoss) {
  h.faults.fail_at = 3;  // After a read and a write.
  h.OpenToClient();
  h.RelayBulk();
  h.backend.Send("more");
  EXPECT_EQ(h.Transfer().input.status, InputStatus::kLost);
  EXPECT_EQ(h.direction->bytes(), kBulkRead);
}

TEST_F(DirectionSpliceTest, AWriteFromAPipeThatFailsIsAnEventAndCountsNothing) {
  h.faults.fail_at = 4;
  h.OpenToClient();
  h.RelayBulk();
  h.backend.Send("lost");
  EXPECT_EQ(h.Transfer().output.status, OutputStatus::kBroken);
  EXPECT_EQ(h.direction->bytes(), kBulkRead);
  EXPECT_EQ(h.to_client().bytes.Value(), kBulkRead);
}

}  // namespace
}  // namespace sluice::session
