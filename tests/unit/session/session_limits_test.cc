// The bounds on a session that a route can set: its age, its bandwidth, and the memory of all.
#include <gtest/gtest.h>

#include "sluice/session/session.h"
#include "sluice/workspace/memory_budget.h"

#include "session/session_harness.h"

namespace sluice::session {
namespace {

using base::Cause;
using testing::CloseBody;
using testing::Harness;
using testing::Pattern;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Continuation;

TEST(SessionLimitsTest, MaxAgeEndsASessionThatIsBusy) {
  Harness h;
  h.options().max_age = base::Duration(60);
  h.Start();
  const auto is_closing = [&] {
    h.backend.Send("tick");
    return !h.ClientFrames().empty() && h.ClientFrames().back().opcode == Opcode::kClose;
  };
  ASSERT_TRUE(h.RunUntil(is_closing));
  EXPECT_EQ(h.ClientFrames().back().payload, CloseBody(1001, "max_age"));
  h.client.SendAndEnd(Close(1001, ""));
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kMaxAge, "1001");
}

/// Bytes a second; a quarter of it may come at once.
constexpr size_t kRate = 40'000;
constexpr size_t kBurst = kRate / 4;

TEST(SessionLimitsTest, BandwidthToTheBackend) {
  Harness h;
  h.options().bandwidth.to_backend = kRate;
  h.Start();
  const auto begin = std::chrono::steady_clock::now();
  const std::string sent = Pattern(kBurst + kRate / 5);
  h.client.Send(Binary(sent));
  h.Settle();
  EXPECT_LE(h.backend.written().size(), kBurst + kRate / 20) << "the rest is not even read";
  ASSERT_TRUE(h.RunUntil([&] { return h.backend.written().size() == sent.size(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(150));
  EXPECT_TRUE(h.backend.written() == sent);
  // The other direction has no bound.
  h.backend.Send(Pattern(10 * kRate));
  h.Settle();
  EXPECT_EQ(h.ToClient().size(), 10 * kRate);
}

TEST(SessionLimitsTest, BandwidthToTheClient) {
  Harness h;
  h.options().bandwidth.to_client = kRate;
  h.Start();
  const auto begin = std::chrono::steady_clock::now();
  const std::string sent = Pattern(kBurst + kRate / 5);
  h.backend.Send(sent);
  h.Settle();
  EXPECT_LE(h.ToClient().size(), kBurst + kRate / 20);
  ASSERT_TRUE(h.RunUntil([&] { return h.ToClient().size() == sent.size(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(150));
  EXPECT_TRUE(h.ToClient() == sent);
  h.client.Send(Binary(Pattern(10 * kRate)));
  h.Settle();
  EXPECT_EQ(h.backend.written().size(), 10 * kRate);
}

TEST(SessionLimitsTest, WhatIsBoundedArrivesBeforeTheEnd) {
  Harness h;
  h.options().bandwidth.to_client = kRate;
  h.Start();
  const std::string sent = Pattern(kBurst + kRate / 10);
  h.backend.Send(sent);
  h.backend.End();
  ASSERT_TRUE(h.RunUntil([&] {
    const auto frames = h.ClientFrames();
    return !frames.empty() && frames.back().opcode == Opcode::kClose;
  }));
  EXPECT_TRUE(h.ToClient() == sent);
  EXPECT_EQ(h.ClientFrames().back().payload, CloseBody(1000, "backend_closed"));
}

TEST(SessionLimitsTest, ASessionThatEndsIsWokenNoMore) {
  Harness h;
  h.options().bandwidth.to_backend = kRate;
  h.Start();
  h.client.Send(Binary(Pattern(kRate)));
  h.Settle();
  h.session->Abort();
  net::testing::RunTurns(h.loop, 5);
  EXPECT_TRUE(h.ended());
}

TEST(SessionLimitsTest, MemoryCountsQueuesAndMessagesThatAreNotWhole) {
  Harness h;
  h.options().framing = settings::LengthPrefixedFraming{};
  workspace::MemoryBudget budget(3000);
  budget.Count(h.workspace.queued);
  h.Start();
  EXPECT_FALSE(budget.IsUsedUp());
  h.client.Send(Binary(Pattern(2000), false));
  h.Settle();
  EXPECT_EQ(h.workspace.queued.Value(), 2000u);
  EXPECT_FALSE(budget.IsUsedUp());
  h.client.Send(Continuation(Pattern(1000), false));
  h.Settle();
  EXPECT_TRUE(budget.IsUsedUp());
  h.client.Send(Continuation("", true));
  h.Settle();
  EXPECT_EQ(h.workspace.queued.Value(), 0u) << "the message is whole, and was sent";
  EXPECT_FALSE(budget.IsUsedUp());

  h.backend.TakeNothing();
  h.client.Send(Binary(Pattern(5000)));
  h.Settle();
  EXPECT_GE(h.workspace.queued.Value(), 5000u);
  EXPECT_TRUE(budget.IsUsedUp());
  h.session->Abort();
  EXPECT_EQ(h.workspace.queued.Value(), 0u);
}

TEST(MemoryBudgetTest, WithoutALimitIsNeverUsedUp) {
  metrics::Counter worker;
  worker.Add(1u << 30);
  workspace::MemoryBudget budget(0);
  budget.Count(worker);
  EXPECT_FALSE(budget.IsUsedUp());
}

TEST(MemoryBudgetTest, SumsTheWorkers) {
  metrics::Counter a;
  metrics::Counter b;
  workspace::MemoryBudget budget(100);
  budget.Count(a);
  budget.Count(b);
  a.Add(60);
  EXPECT_FALSE(budget.IsUsedUp());
  b.Add(40);
  EXPECT_TRUE(budget.IsUsedUp());
  budget.SetLimit(101);
  EXPECT_FALSE(budget.IsUsedUp());
}

}  // namespace
}  // namespace sluice::session
