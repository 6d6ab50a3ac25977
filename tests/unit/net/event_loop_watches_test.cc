// The watches of descriptors.
#include <gtest/gtest.h>

#include "sluice/net/event_loop.h"

#include "net/loop_handlers.h"
#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::net {
namespace {

using testing::RunTurns;
using testing::RunUntil;
using testing::TestWatch;

TEST(EventLoopTest, AWatchTellsInEveryTurnUntilItIsDestroyed) {
  EventLoop loop;
  auto [ours, theirs] = testing::Pair();
  TestWatch reader(loop, ours.get(), /*to_read=*/true, /*to_write=*/false);
  ASSERT_TRUE(reader.watch->ok());
  RunTurns(loop, 3);
  EXPECT_EQ(reader.calls, 0);
  testing::SendAll(theirs, "unread");
  ASSERT_TRUE(RunUntil(loop, [&] { return reader.calls >= 3; })) << "it is level-triggered";
  EXPECT_EQ(reader.last_fd, ours.get());
  EXPECT_TRUE(reader.was_readable);
  EXPECT_FALSE(reader.was_writable);
  reader.watch.reset();
  const int calls = reader.calls;
  RunTurns(loop, 3);
  EXPECT_EQ(reader.calls, calls);
}

TEST(EventLoopTest, WhatIsAlwaysReadyKeepsNobodyFromTheirTurn) {
  EventLoop loop;
  auto [ours, theirs] = testing::Pair();
  TestWatch writer(loop, ours.get(), /*to_read=*/false, /*to_write=*/true);
  RunTurns(loop, 3);
  EXPECT_GE(writer.calls, 3);
  EXPECT_LE(writer.calls, 6) << "about once in each turn";
}

TEST(EventLoopTest, ABrokenDescriptorIsReadyForWhatItIsWatchedFor) {
  EventLoop loop;
  auto [ours, theirs] = testing::Pair();
  TestWatch watch(loop, ours.get(), /*to_read=*/true, /*to_write=*/true);
  ASSERT_TRUE(RunUntil(loop, [&] { return watch.calls > 0; }));
  EXPECT_FALSE(watch.was_readable);
  EXPECT_TRUE(watch.was_writable);
  theirs = Fd();
  ASSERT_TRUE(RunUntil(loop, [&] { return watch.was_readable; }));
  EXPECT_TRUE(watch.was_writable);
}

TEST(EventLoopTest, AWatchMayDestroyItselfAndOthersOfItsTurn) {
  EventLoop loop;
  auto [a, b] = testing::Pair();
  TestWatch first(loop, a.get(), /*to_read=*/false, /*to_write=*/true);
  TestWatch second(loop, b.get(), /*to_read=*/false, /*to_write=*/true);
  first.function = second.function = [&] {
    first.watch.reset();
    second.watch.reset();
  };
  RunTurns(loop, 3);
  EXPECT_EQ(first.calls + second.calls, 1);
}

TEST(EventLoopTest, ADescriptorThatCannotBeWatchedIsReported) {
  EventLoop loop;
  TestWatch nothing(loop, /*fd=*/-1, /*to_read=*/true, /*to_write=*/false);
  EXPECT_FALSE(nothing.watch->ok());
}

}  // namespace
}  // namespace sluice::net
