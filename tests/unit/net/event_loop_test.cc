#include "sluice/net/event_loop.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "net/run_loop.h"
#include "net/sockets.h"
#include "seed.h"

namespace sluice::net {
namespace {

using testing::RunTurns;
using testing::RunUntil;

struct TestTask final : EventLoop::Task {
  explicit TestTask(std::function<void()> f = {}) : function(std::move(f)) {}
  void RunTask() override {
    ++runs;
    if (function) function();
  }
  std::function<void()> function;
  int runs = 0;
};

struct TestTimer final : TimerHandler {
  TestTimer(EventLoop& loop, std::function<void()> f = {})
      : function(std::move(f)), timer(loop, *this) {}
  void OnTimer() override {
    ++fired;
    if (function) function();
  }
  std::function<void()> function;
  int fired = 0;
  Timer timer;
};

class TimerOrderTest : public test::Seeded {};

struct TestWatch final : FdHandler {
  TestWatch(EventLoop& loop, int fd, bool to_read, bool to_write)
      : watch(std::make_unique<FdWatch>(loop, fd, to_read, to_write, *this)) {}
  void OnFdReady(int fd, bool readable, bool writable) override {
    ++calls;
    last_fd = fd;
    was_readable = readable;
    was_writable = writable;
    if (function) function();
  }
  std::function<void()> function;
  int calls = 0;
  int last_fd = -1;
  bool was_readable = false;
  bool was_writable = false;
  std::unique_ptr<FdWatch> watch;
};

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

// ---- Timers ----

TEST(EventLoopTest, ATimerFiresOnceAndNotEarly) {
  EventLoop loop;
  const auto before = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point after;
  TestTimer timer(loop, [&] { after = std::chrono::steady_clock::now(); });
  timer.timer.Start(base::Duration(20));
  ASSERT_TRUE(RunUntil(loop, [&] { return timer.fired != 0; }));
  EXPECT_GE(after - before, base::Duration(20));
  RunTurns(loop, 3);
  EXPECT_EQ(timer.fired, 1);
}

TEST(EventLoopTest, StartReplacesTheDelayThatIsRunning) {
  EventLoop loop;
  TestTimer soon(loop), late(loop);
  soon.timer.Start(base::Duration(3'600'000));
  soon.timer.Start(base::Duration(1));
  late.timer.Start(base::Duration(1));
  late.timer.Start(base::Duration(3'600'000));
  ASSERT_TRUE(RunUntil(loop, [&] { return soon.fired != 0; }));
  RunTurns(loop, 3);
  EXPECT_EQ(soon.fired, 1);
  EXPECT_EQ(late.fired, 0);
}

TEST(EventLoopTest, AStoppedTimerDoesNotFire) {
  EventLoop loop;
  TestTimer stopped(loop), other(loop);
  stopped.timer.Stop();  // Without having been started.
  stopped.timer.Start(base::Duration(0));
  stopped.timer.Stop();
  auto destroyed = std::make_unique<TestTimer>(loop, [] { FAIL(); });
  destroyed->timer.Start(base::Duration(0));
  destroyed.reset();
  other.timer.Start(base::Duration(1));
  ASSERT_TRUE(RunUntil(loop, [&] { return other.fired != 0; }));
  EXPECT_EQ(stopped.fired, 0);
}

TEST(EventLoopTest, ATimerMayStopAnotherThatIsDue) {
  EventLoop loop;
  std::unique_ptr<TestTimer> a, b;
  int fired = 0;
  a = std::make_unique<TestTimer>(loop, [&] {
    ++fired;
    b.reset();
  });
  b = std::make_unique<TestTimer>(loop, [&] {
    ++fired;
    a.reset();
  });
  a->timer.Start(base::Duration(0));
  b->timer.Start(base::Duration(0));
  ASSERT_TRUE(RunUntil(loop, [&] { return fired != 0; }));
  RunTurns(loop, 3);
  EXPECT_EQ(fired, 1);
}

TEST(EventLoopTest, ATimerMayRestartItself) {
  EventLoop loop;
  TestTimer timer(loop);
  timer.function = [&] { timer.timer.Start(base::Duration(1)); };
  timer.timer.Start(base::Duration(0));
  EXPECT_TRUE(RunUntil(loop, [&] { return timer.fired == 3; }));
}

TEST_F(TimerOrderTest, ManyTimersFireInTheirOrder) {
  using Clock = std::chrono::steady_clock;
  struct Alarm {
    Alarm(EventLoop& loop, std::vector<Alarm*>& fired)
        : timer(loop, [this, &fired] { fired.push_back(this); }) {}
    // Between these two it is due.
    Clock::time_point after;
    Clock::time_point before;
    TestTimer timer;
  };
  EventLoop loop;
  std::vector<Alarm*> fired;
  std::vector<std::unique_ptr<Alarm>> alarms(200);
  for (auto& alarm : alarms) alarm = std::make_unique<Alarm>(loop, fired);
  // Started, restarted sooner and later, stopped and destroyed in any order.
  for (int step = 0; step < 2000; ++step) {
    auto& alarm = alarms[Between(0, alarms.size() - 1)];
    const base::Duration delay(Between(0, 50));
    switch (Between(0, 7)) {
      case 0:
        alarm->timer.timer.Stop();
        break;
      case 1:
        alarm = std::make_unique<Alarm>(loop, fired);
        break;
      default:
        alarm->after = Clock::now() + delay;
        alarm->timer.timer.Start(delay);
        alarm->before = Clock::now() + delay;
    }
  }
  TestTimer last(loop);
  last.timer.Start(base::Duration(60));
  ASSERT_TRUE(RunUntil(loop, [&] { return last.fired == 1; }));
  EXPECT_GT(fired.size(), alarms.size() / 2);
  for (size_t i = 1; i < fired.size(); ++i) {
    EXPECT_LE(fired[i - 1]->after, fired[i]->before) << "number " << i;
  }
}

// ---- Watches ----

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
