// Payload that passes through a pipe on its way to the client.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "session/session_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using testing::CloseBody;
using testing::Frame;
using testing::Harness;
using testing::Pattern;
using websocket::Opcode;
using websocket::testing::Close;
using websocket::testing::Ping;

class SessionSpliceTest : public ::testing::Test {
 protected:
  SessionSpliceTest() { h.client.can_splice = h.backend.can_splice = true; }

  /// How many pipes can be had now.
  size_t PipesLeft() {
    std::vector<net::PipePool::Lent> pipes;
    while (auto pipe = h.workspace.pipes.Take()) pipes.push_back(std::move(pipe));
    return pipes.size();
  }

  Harness h;
  const std::string bulk = Pattern(3 * workspace::kQueueMark);
};

TEST_F(SessionSpliceTest, WhatFollowsALargeReadIsSpliced) {
  h.Start();
  h.backend.Send(bulk);
  EXPECT_EQ(h.ToClient(), bulk);
  EXPECT_GT(h.client.spliced(), 0u);
  EXPECT_EQ(h.client.spliced(), h.backend.spliced());
  EXPECT_EQ(h.to_client().bytes.Value(), bulk.size());
  EXPECT_EQ(h.to_client().messages.Value(), h.ClientFrames().size());
  EXPECT_EQ(PipesLeft(), net::PipePool::kMost);
}

TEST_F(SessionSpliceTest, SmallReadsAreCopied) {
  h.Start();
  h.backend.Send(Pattern(kBulkRead - 1));
  h.backend.Send("more");
  EXPECT_EQ(h.client.spliced(), 0u);
  h.backend.Send(Pattern(kBulkRead));
  h.backend.Send("this one is spliced");
  EXPECT_EQ(h.client.spliced(), 19u);
  h.backend.Send("and this is not");
  EXPECT_EQ(h.client.spliced(), 19u);
}

TEST_F(SessionSpliceTest, WhereTheClientSpeaksTooItIsCopied) {
  h.Start();
  h.backend.Send(Pattern(kBulkRead));
  h.client.Send(websocket::testing::Binary("and so do I"));
  h.backend.Send("copied");
  EXPECT_EQ(h.client.spliced(), 0u);
  EXPECT_EQ(h.ToClient(), Pattern(kBulkRead) + "copied");
}

TEST_F(SessionSpliceTest, BothLegsMustBeAbleTo) {
  h.client.can_splice = false;
  h.Start();
  h.backend.Send(bulk);
  EXPECT_EQ(h.ToClient(), bulk);
  EXPECT_EQ(h.backend.spliced(), 0u);
}

TEST_F(SessionSpliceTest, WithoutAPipeItIsCopied) {
  std::vector<net::PipePool::Lent> pipes;
  while (auto pipe = h.workspace.pipes.Take()) pipes.push_back(std::move(pipe));
  EXPECT_EQ(pipes.size(), net::PipePool::kMost);
  h.Start();
  h.backend.Send(bulk);
  EXPECT_EQ(h.ToClient(), bulk);
  EXPECT_EQ(h.client.spliced(), 0u);
}

TEST_F(SessionSpliceTest, NothingIsLostWhereverTheClientStops) {
  // Steps that stop inside headers, at their ends, and inside payload.
  for (const size_t step : {1u, 3u, 7u, 10u, 4000u, 33'333u}) {
    SCOPED_TRACE(step);
    Harness slow;
    slow.client.can_splice = slow.backend.can_splice = true;
    slow.Start();
    slow.client.TakeNothing();
    slow.backend.Send(bulk);
    slow.client.Take(workspace::kQueueMark +
                     websocket::kMaxServerHeader);  // The one that is copied.
    for (int i = 0; i < 40; ++i) slow.client.Take(step);
    slow.client.Send(Ping("between"));
    slow.client.Take();
    slow.Settle();
    EXPECT_EQ(slow.ToClient(), bulk);
    EXPECT_GT(slow.client.spliced(), 0u);
    const auto frames = slow.ClientFrames();
    EXPECT_EQ(std::count(frames.begin(), frames.end(), (Frame{Opcode::kPong, "between"})), 1);
    EXPECT_EQ(slow.to_client().queued.Value(), 0u);
  }
}

TEST_F(SessionSpliceTest, TheBackendIsPausedWhileThePipeHoldsSomething) {
  h.Start();
  h.client.TakeNothing();
  h.backend.Send(Pattern(kBulkRead));
  h.client.Take(kBulkRead + 5);
  h.Settle();
  h.backend.Send(bulk);
  const size_t unread = h.backend.unread();
  EXPECT_GT(unread, 0u);
  EXPECT_GT(h.to_client().queued.Value(), 0u);
  h.client.Take(1);
  EXPECT_EQ(h.backend.unread(), unread);
  h.client.Take();
  h.Settle();
  EXPECT_EQ(h.ToClient(), Pattern(kBulkRead) + bulk);
}

TEST_F(SessionSpliceTest, WhatThePipeHoldsIsDeliveredBeforeTheClose) {
  h.Start();
  h.client.TakeNothing();
  h.backend.Send(Pattern(kBulkRead));
  h.client.Take(kBulkRead + 100);
  h.Settle();
  h.backend.SendAndEnd(Pattern(50'000));
  h.client.Take();
  h.Settle();
  EXPECT_EQ(h.ToClient(), Pattern(kBulkRead) + Pattern(50'000));
  EXPECT_EQ(h.ClientFrames().back(), (Frame{Opcode::kClose, CloseBody(1000, "backend_closed")}));
  h.client.SendAndEnd(Close(1000, "backend_closed"));
  h.Settle();
  h.ExpectOver(base::Cause::kBackendClosed, "1000");
}

TEST_F(SessionSpliceTest, APipeThatHoldsSomethingIsNotLentAgain) {
  h.Start();
  h.client.TakeNothing();
  h.backend.Send(Pattern(kBulkRead));
  h.client.Take(kBulkRead + 100);
  h.Settle();
  h.backend.Send(Pattern(50'000));
  EXPECT_EQ(PipesLeft(), net::PipePool::kMost - 1);
  h.client.Reset();
  h.backend.End();
  h.Settle();
  h.ExpectOver(base::Cause::kClientLost, "-");
  EXPECT_EQ(PipesLeft(), net::PipePool::kMost);
  const auto pipe = h.workspace.pipes.Take();
  ASSERT_TRUE(pipe);
  char byte = 0;
  EXPECT_EQ(::read(pipe->read_end(), &byte, 1), -1) << "it is empty";
}

}  // namespace
}  // namespace sluice::session
