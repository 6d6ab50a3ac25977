#include "sluice/net/event_loop.h"

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/loop_handlers.h"
#include "net/run_loop.h"

namespace sluice::net {
namespace {

using testing::RunTurns;
using testing::RunUntil;
using testing::TestTask;
using testing::TestTimer;

// ---- Tasks ----

TEST(EventLoopTest, ATaskRunsOnceAndNotInsideTheCall) {
  EventLoop loop;
  TestTask task;
  loop.RunNextTurn(task);
  loop.RunNextTurn(task);
  EXPECT_EQ(task.runs, 0);
  RunTurns(loop, 3);
  EXPECT_EQ(task.runs, 1);
}

TEST(EventLoopTest, ATaskThatQueuesItselfRunsOncePerTurn) {
  EventLoop loop;
  TestTask first, second;
  first.function = [&] {
    if (first.runs == 3) return;
    EXPECT_EQ(second.runs, first.runs - 1);
    loop.RunNextTurn(first);
  };
  loop.RunNextTurn(first);
  second.function = [&] { loop.RunNextTurn(second); };
  loop.RunNextTurn(second);
  RunTurns(loop, 10);
  EXPECT_EQ(first.runs, 3);
  EXPECT_GE(second.runs, 10);
}

TEST(EventLoopTest, ATaskMayCancelOthersOfItsTurn) {
  EventLoop loop;
  auto earlier = std::make_unique<TestTask>();
  auto later = std::make_unique<TestTask>([] { FAIL() << "cancelled"; });
  auto next_turn = std::make_unique<TestTask>([] { FAIL() << "cancelled"; });
  TestTask last;
  TestTask canceller([&] {
    loop.RunNextTurn(*next_turn);
    earlier.reset();
    later.reset();
    next_turn.reset();
  });
  loop.RunNextTurn(*earlier);
  loop.RunNextTurn(canceller);
  loop.RunNextTurn(*later);
  loop.RunNextTurn(last);
  RunTurns(loop, 3);
  EXPECT_EQ(last.runs, 1);
}

TEST(EventLoopTest, ATaskMayDestroyItself) {
  EventLoop loop;
  auto task = std::make_unique<TestTask>();
  task->function = [&] {
    loop.RunNextTurn(*task);
    task.reset();
  };
  loop.RunNextTurn(*task);
  RunTurns(loop, 3);
  EXPECT_EQ(task, nullptr);
}

TEST(EventLoopTest, CancellationFindsTasksThatMovedUp) {
  EventLoop loop;
  std::vector<std::unique_ptr<TestTask>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(std::make_unique<TestTask>());
  TestTask check([&] { tasks[1].reset(); });  // Queued for the same turn as tasks[1].
  TestTask first([&] {
    for (auto& task : tasks) loop.RunNextTurn(*task);
    tasks[3].reset();
  });
  loop.RunNextTurn(first);
  RunTurns(loop, 1);
  RunTurns(loop, 2);
  EXPECT_EQ(tasks[0]->runs, 1);
  EXPECT_EQ(tasks[4]->runs, 1);
  loop.RunNextTurn(check);
  loop.RunNextTurn(*tasks[1]);
  loop.RunNextTurn(*tasks[2]);
  RunTurns(loop, 2);
  EXPECT_EQ(tasks[2]->runs, 2);
}

TEST(EventLoopTest, ATaskMayOutliveItsLoop) {
  TestTask task;
  {
    EventLoop loop;
    loop.RunNextTurn(task);
  }
  EventLoop other;
  other.RunNextTurn(task);
  RunTurns(other, 2);
  EXPECT_EQ(task.runs, 1);
}

// ---- DestroyLater ----

struct Mortal {
  explicit Mortal(std::function<void()> f) : on_death(std::move(f)) {}
  ~Mortal() { on_death(); }
  std::function<void()> on_death;
};

TEST(EventLoopTest, DestroysInTheNextTurn) {
  EventLoop loop;
  int dead = 0;
  TestTask task([&] {
    loop.DestroyLater(std::make_unique<Mortal>([&] { ++dead; }));
    EXPECT_EQ(dead, 0);
  });
  loop.RunNextTurn(task);
  loop.DestroyLater(std::make_unique<Mortal>([&] { ++dead; }));
  EXPECT_EQ(dead, 0);
  RunTurns(loop, 4);
  EXPECT_EQ(dead, 2);
}

TEST(EventLoopTest, ADestructorMayDeferTheDeletionOfOthers) {
  EventLoop loop;
  int dead = 0;
  loop.DestroyLater(std::make_unique<Mortal>(
      [&] { loop.DestroyLater(std::make_unique<Mortal>([&] { ++dead; })); }));
  RunTurns(loop, 4);
  EXPECT_EQ(dead, 1);
}

TEST(EventLoopTest, DeferredDeletionsAreDoneWhenTheLoopEnds) {
  int dead = 0;
  {
    EventLoop loop;
    loop.DestroyLater(std::make_unique<Mortal>([&] {
      ++dead;
      loop.DestroyLater(std::make_unique<Mortal>([&] { ++dead; }));
    }));
    loop.DestroyLater(std::make_unique<TestTimer>(loop));
    auto task = std::make_unique<TestTask>();
    loop.RunNextTurn(*task);
    loop.DestroyLater(std::move(task));
  }
  EXPECT_EQ(dead, 2);
}

// ---- Post and Stop ----

TEST(EventLoopTest, PostsRunInOrderOnTheLoopsThread) {
  EventLoop loop;
  std::string order;
  std::thread::id where;
  std::thread poster([&] {
    for (char c = 'a'; c <= 'e'; ++c) loop.Post([&order, c] { order += c; });
    loop.Post([&] { where = std::this_thread::get_id(); });
    loop.Stop();
  });
  loop.Run();
  poster.join();
  EXPECT_EQ(order, "abcde");
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(EventLoopTest, PostsFromManyThreads) {
  constexpr int kThreads = 4, kEach = 500;
  EventLoop loop;
  int run = 0;
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop.Post([&] {
          if (++run == kThreads * kEach) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(run, kThreads * kEach);
}

TEST(EventLoopTest, APostFromAPostRuns) {
  EventLoop loop;
  bool run = false;
  loop.Post([&] {
    loop.Post([&] {
      run = true;
      loop.Stop();
    });
  });
  loop.Run();
  EXPECT_TRUE(run);
}

TEST(EventLoopTest, RunsAgainAfterStop) {
  EventLoop loop;
  loop.Stop();  // Before Run: it returns at once.
  loop.Run();
  int run = 0;
  loop.Post([&] { ++run; });
  RunTurns(loop, 2);
  EXPECT_EQ(run, 1);
}

TEST(EventLoopTest, WhatIsNeverRunIsDestroyed) {
  auto token = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.Post([token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(EventLoopTest, NowIsOfTheSameEpochAsTheSteadyClock) {
  const auto difference = std::chrono::steady_clock::now() - EventLoop::Now();
  EXPECT_GE(difference, base::Duration(-1));
  EXPECT_LT(difference, base::Duration(5'000));
}

TEST(EventLoopTest, SignalsAreToldOnTheLoop) {
  EventLoop loop;
  int count = 0;
  SignalWatch watch(loop, SIGUSR1, [&] { ++count; });
  raise(SIGUSR1);
  ASSERT_TRUE(RunUntil(loop, [&] { return count == 1; }));
  raise(SIGUSR1);
  EXPECT_TRUE(RunUntil(loop, [&] { return count == 2; }));
}

}  // namespace
}  // namespace sluice::net
