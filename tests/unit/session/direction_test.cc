// A direction alone: what it relays, when it pauses, and what it reports.
#include "sluice/session/direction.h"

#include <string>

#include <gtest/gtest.h>

#include "leg/understood.h"
#include "session/direction_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using leg::testing::Understood;
using testing::DirectionHarness;
using testing::DirectionTest;
using testing::Pattern;
using testing::RawDirectionTest;
using testing::ServerFrame;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::ClientFrame;
using websocket::testing::Close;
using websocket::testing::Ping;
using workspace::kQueueMark;
using InputStatus = leg::Input::Status;
using OutputStatus = leg::Output::Status;
using State = Direction::State;

constexpr auto kToBackend = metrics::Direction::kToBackend;
constexpr auto kToClient = metrics::Direction::kToClient;

// ---- Relaying ----

void ExpectRelayed(bool is_raw_client, bool is_websocket_backend, metrics::Direction which) {
  DirectionHarness h;
  h.is_raw = is_raw_client;
  h.is_websocket_backend = is_websocket_backend;
  h.Open(which);
  const std::string message = ServerFrame(Opcode::kBinary, "payload");
  if (which == kToClient) {
    h.backend.Send(is_websocket_backend ? message : "payload");
  } else {
    h.client.Send(is_raw_client ? "payload" : Binary("payload"));
  }
  EXPECT_FALSE(h.Transfer());
  if (which == kToClient) {
    EXPECT_EQ(h.client.written(), is_raw_client ? "payload" : message);
  } else if (is_websocket_backend) {
    EXPECT_EQ(Understood(h.backend.written()), "B\"payload\".");
  } else {
    EXPECT_EQ(h.backend.written(), "payload");
  }
  EXPECT_EQ(h.direction->bytes(), 7u);
  EXPECT_EQ(h.route().in(which).bytes.Value(), 7u);
}

TEST(DirectionLegsTest, RelaysBetweenLegsOfEitherKind) {
  for (const bool is_raw_client : {false, true}) {
    for (const bool is_websocket_backend : {false, true}) {
      for (const auto which : {kToBackend, kToClient}) {
        SCOPED_TRACE(::testing::Message() << "client of plain TCP: " << is_raw_client
                                          << ", WebSocket backend: " << is_websocket_backend
                                          << ", to the client: " << (which == kToClient));
        ExpectRelayed(is_raw_client, is_websocket_backend, which);
      }
    }
  }
}

TEST_F(RawDirectionTest, OneCallRelaysAllThatCanBeRead) {
  h.OpenToClient();
  h.backend.max_read = 10;
  h.backend.Send(Pattern(100));
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.client.written(), Pattern(100));
  EXPECT_EQ(h.backend.reads(), 10u);
  EXPECT_EQ(h.to_client().bytes.Value(), 100u);
  EXPECT_EQ(h.to_client().pauses.Value(), 0u);
  EXPECT_FALSE(h.direction->CanTransfer(*h.source));
  EXPECT_FALSE(h.direction->is_paused());
}

TEST_F(RawDirectionTest, PayloadForASinkThatTakesNoneIsDropped) {
  h.OpenToClient();
  h.sink->RefusePayload();
  h.backend.Send("refused");
  EXPECT_FALSE(h.Transfer());
  h.sink.reset();
  h.backend.Send("no sink");
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.backend.unread(), 0u);
  EXPECT_EQ(h.client.written(), "");
  EXPECT_EQ(h.direction->bytes(), 0u);
  EXPECT_EQ(h.to_client().bytes.Value(), 0u);
}

// ---- Events ----

TEST_F(RawDirectionTest, TheEndOfTheSourceIsAnEventAfterItsPayload) {
  h.OpenToClient();
  h.backend.SendAndEnd("last");
  EXPECT_EQ(h.Transfer().input.status, InputStatus::kEnd);
  EXPECT_EQ(h.client.written(), "last");
}

TEST_F(RawDirectionTest, AWriteThatFailsIsAnEventAndCountsNothing) {
  h.faults.fail_at = 2;  // After the read.
  h.OpenToClient();
  h.backend.Send("lost");
  const Direction::Event event = h.Transfer();
  EXPECT_TRUE(event);
  EXPECT_EQ(event.output.status, OutputStatus::kBroken);
  EXPECT_EQ(event.input.status, InputStatus::kOk);
  EXPECT_EQ(h.direction->bytes(), 0u);
  EXPECT_EQ(h.to_client().bytes.Value(), 0u);
  EXPECT_FALSE(h.direction->is_paused());
}

TEST_F(DirectionTest, OneReadMayReportBothLegs) {
  h.faults.fail_at = 2;
  h.OpenToBackend();
  h.client.Send(Binary("lost") + Close(1000, ""));
  const Direction::Event event = h.Transfer();
  EXPECT_EQ(event.output.status, OutputStatus::kBroken);
  EXPECT_EQ(event.input.status, InputStatus::kClose);
}

TEST_F(DirectionTest, PayloadIsSentBeforeTheEventOfItsReadIsReported) {
  h.OpenToBackend();
  h.client.Send(Binary("before") + Close(1000, "") + Binary("after"));
  EXPECT_EQ(h.Transfer().input.status, InputStatus::kClose);
  EXPECT_EQ(h.backend.written(), "before");
  EXPECT_EQ(h.direction->bytes(), 6u);
}

// ---- A full sink ----

TEST_F(RawDirectionTest, AFullSinkPausesAndFlushResumesBelowHalfOfTheMark) {
  h.OpenToClient();
  h.client.TakeNothing();
  h.backend.Send(Pattern(3 * kQueueMark));
  EXPECT_FALSE(h.Transfer());
  EXPECT_TRUE(h.direction->is_paused());
  EXPECT_FALSE(h.direction->has_used_up_turn());
  EXPECT_FALSE(h.direction->CanTransfer(*h.source));
  EXPECT_TRUE(h.direction->CanFlush(*h.sink));
  EXPECT_EQ(h.to_client().pauses.Value(), 1u);
  EXPECT_EQ(h.sink->queued(), kQueueMark);
  EXPECT_EQ(h.direction->bytes(), kQueueMark) << "queued bytes are counted";

  h.client.Take(kQueueMark / 2);
  h.direction->Flush(*h.sink);
  EXPECT_EQ(h.sink->queued(), kQueueMark / 2);
  EXPECT_TRUE(h.direction->is_paused());
  h.client.Take(1);
  h.direction->Flush(*h.sink);
  EXPECT_FALSE(h.direction->is_paused());
  EXPECT_TRUE(h.direction->CanTransfer(*h.source));

  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.sink->queued(), kQueueMark) << "no more is read than the queue has room for";
  EXPECT_EQ(h.to_client().pauses.Value(), 2u);
}

TEST_F(RawDirectionTest, FlushDoesNotResumeWithoutProgress) {
  h.OpenToClient();
  h.client.TakeNothing();
  h.backend.Send(Pattern(1000));
  h.Transfer();
  EXPECT_EQ(h.direction->Flush(*h.sink).status, OutputStatus::kOk);
  EXPECT_TRUE(h.direction->is_paused()) << "the sink has room, but takes nothing";
  h.client.Take(1);
  h.direction->Flush(*h.sink);
  EXPECT_FALSE(h.direction->is_paused());
}

TEST_F(RawDirectionTest, FlushResumesIfTheQueueIsEmptyAlready) {
  h.OpenToClient();
  h.client.TakeNothing();
  h.backend.Send(Pattern(1000));
  h.Transfer();
  h.client.Take();
  h.sink->Flush();
  EXPECT_FALSE(h.sink->has_output());
  EXPECT_TRUE(h.direction->CanFlush(*h.sink));
  h.direction->Flush(*h.sink);
  EXPECT_FALSE(h.direction->is_paused());
  EXPECT_FALSE(h.direction->CanFlush(*h.sink));
}

TEST_F(RawDirectionTest, FlushReportsASinkThatBreaks) {
  h.faults.fail_at = 3;  // After the read and a write that would block.
  h.OpenToClient();
  h.client.TakeNothing();
  h.backend.Send(Pattern(1000));
  h.Transfer();
  h.client.Take();
  EXPECT_EQ(h.direction->Flush(*h.sink).status, OutputStatus::kBroken);
  EXPECT_FALSE(h.direction->is_paused()) << "the queue was dropped";
}

TEST_F(RawDirectionTest, WithoutASinkTheSourceIsReadThoughTheQueueIsFull) {
  h.OpenToClient();
  h.client.TakeNothing();
  h.backend.Send(Pattern(2 * kQueueMark));
  h.Transfer();
  h.sink->RefusePayload();
  h.direction->ResumeWithoutSink();
  EXPECT_FALSE(h.direction->is_paused());
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.backend.unread(), 0u);
  EXPECT_EQ(h.direction->bytes(), kQueueMark) << "the rest was dropped";
}

// ---- States ----

TEST_F(RawDirectionTest, DiscardingReadsAllAndDropsIt) {
  h.OpenToClient(400'000);
  h.client.TakeNothing();
  h.backend.Send(Pattern(100'000));
  h.Transfer();
  const uint64_t relayed = h.direction->bytes();
  EXPECT_GT(relayed, 0u);
  EXPECT_TRUE(h.direction->is_paused());
  h.direction->Enter(State::kDiscarding);
  EXPECT_FALSE(h.direction->is_paused());
  EXPECT_FALSE(h.direction->is_relaying());
  EXPECT_FALSE(h.direction->has_ended());

  const size_t reads = h.backend.reads();
  h.backend.Send(Pattern(kQueueMark - h.backend.unread()));
  EXPECT_FALSE(h.Transfer());
  EXPECT_EQ(h.backend.unread(), 0u) << "neither the sink nor the limit matters";
  EXPECT_LE(h.backend.reads() - reads, 2u) << "in large pieces";
  EXPECT_EQ(h.direction->bytes(), relayed);
  h.backend.End();
  EXPECT_EQ(h.Transfer().input.status, InputStatus::kEnd);
}

TEST_F(RawDirectionTest, DiscardingHasTheBudgetOfATurn) {
  h.OpenToClient();
  h.direction->Enter(State::kDiscarding);
  h.backend.Send(Pattern(1500));
  EXPECT_FALSE(h.Transfer(1000));
  EXPECT_EQ(h.backend.unread(), 500u);
  EXPECT_TRUE(h.direction->has_used_up_turn());
}

TEST_F(DirectionTest, AfterAHalfCloseControlFramesAreRead) {
  h.has_half_close = true;
  h.OpenToBackend();
  h.client.Send(Binary("last") + ClientFrame{.opcode = Opcode::kEnd}.Bytes());
  EXPECT_EQ(h.Transfer().input.status, InputStatus::kHalfClosed);
  EXPECT_FALSE(h.direction->has_ended());
  h.direction->Enter(State::kHalfClosed);
  EXPECT_TRUE(h.direction->has_ended());
  EXPECT_FALSE(h.direction->is_relaying());
  h.client.Send(Ping("p"));
  EXPECT_FALSE(h.Transfer());
  h.source->Flush();
  EXPECT_EQ(h.client.written(), ServerFrame(Opcode::kPong, "p"));
  EXPECT_EQ(h.backend.written(), "last");
}

TEST_F(RawDirectionTest, ADirectionThatHasEndedRemainsSo) {
  h.OpenToClient();
  EXPECT_FALSE(h.direction->has_ended());
  h.direction->Enter(State::kEnded);
  EXPECT_TRUE(h.direction->has_ended());
  h.direction->Enter(State::kDiscarding);
  EXPECT_EQ(h.direction->state(), State::kEnded);
  h.backend.Send("more");
  EXPECT_FALSE(h.direction->CanTransfer(*h.source));
}

TEST_F(RawDirectionTest, ADirectionOnHoldContinuesInAnotherState) {
  h.OpenToClient();
  h.direction->Hold();
  EXPECT_TRUE(h.direction->is_paused());
  EXPECT_EQ(h.to_client().pauses.Value(), 0u);
  h.direction->ResumeInNewTurn();
  h.direction->ResumeWithoutSink();
  h.direction->ResumeAtRate();
  EXPECT_TRUE(h.direction->is_paused());
  h.direction->Enter(State::kHalfClosed);
  EXPECT_FALSE(h.direction->is_paused());
  h.direction->Hold();
  EXPECT_FALSE(h.direction->is_paused()) << "no payload comes any more";
}

TEST_F(RawDirectionTest, AFullSinkPausesTheSourceInAnotherStateToo) {
  h.OpenToClient();
  h.client.TakeNothing();
  h.backend.Send(Pattern(1000));
  h.Transfer();
  h.direction->Hold();
  h.direction->Enter(State::kHalfClosed);
  EXPECT_TRUE(h.direction->is_paused());
  h.client.Take();
  h.direction->Flush(*h.sink);
  EXPECT_FALSE(h.direction->is_paused());
}

// ---- What waits ----

TEST_F(RawDirectionTest, ReportsTheBytesThatWait) {
  h.OpenToClient();
  h.workspace.queued.Add(5);  // Of another direction.
  for (const size_t size : {100u, 100u, 30u, 70u, 0u}) {
    h.direction->ReportQueued(h.workspace, size);
    EXPECT_EQ(h.direction->queued(), size);
    EXPECT_EQ(h.to_client().queued.Value(), size);
    EXPECT_EQ(h.workspace.queued.Value(), 5 + size);
  }
}

}  // namespace
}  // namespace sluice::session
