// The timers of the event loop.
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/net/event_loop.h"

#include "net/loop_handlers.h"
#include "net/run_loop.h"
#include "seed.h"

namespace sluice::net {
namespace {

using testing::RunTurns;
using testing::RunUntil;
using testing::TestTimer;

class TimerOrderTest : public test::Seeded {};

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

}  // namespace
}  // namespace sluice::net
