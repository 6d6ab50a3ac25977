#include "sluice/leg/keep_alive.h"

#include <set>

#include <gtest/gtest.h>

namespace sluice::leg {
namespace {

using Action = KeepAlive::Action;
using std::chrono::seconds;

constexpr base::TimePoint kStart{seconds(1000)};

base::TimePoint At(double second) {
  return kStart + base::Duration(static_cast<int64_t>(second * 1000));
}

/// A client of which nothing is under way, last heard of then.
KeepAlive::Seen HeardAt(double second) {
  return {At(second), false, 0, 0};
}

settings::Keepalive Config(int interval = 20, int timeout = 10) {
  settings::Keepalive config;
  config.ping_interval = seconds(interval);
  config.pong_timeout = seconds(timeout);
  return config;
}

TEST(KeepAliveTest, OffWithoutAnInterval) {
  const auto config = Config(0);
  EXPECT_FALSE(KeepAlive(config, kStart, 1.0).next().has_value());
}

TEST(KeepAliveTest, JitterScalesEveryInterval) {
  const auto config = Config();
  KeepAlive k(config, kStart, 0.9);
  EXPECT_EQ(k.next(), At(18));
  EXPECT_EQ(k.OnTimer(At(17.999), HeardAt(0), 1.1), Action::kNone) << "not yet";
  EXPECT_EQ(k.OnTimer(At(18), HeardAt(0), 1.1), Action::kPing);
  EXPECT_EQ(k.next(), At(28)) << "the pong's time";
  EXPECT_EQ(k.OnTimer(At(28), HeardAt(18.1), 1.0), Action::kNone);
  EXPECT_EQ(k.next(), At(18 + 22));
}

TEST(KeepAliveTest, AnyByteIsAnAnswer) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(20), HeardAt(19), 1.0), Action::kPing);
  EXPECT_EQ(k.OnTimer(At(30), HeardAt(20.001), 1.0), Action::kNone);
  EXPECT_EQ(k.next(), At(40));
  EXPECT_EQ(k.OnTimer(At(40), HeardAt(20.001), 1.0), Action::kPing);
}

TEST(KeepAliveTest, SilenceIsGivenUpWhenTheTimeIsOver) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(20), HeardAt(19.9), 1.0), Action::kPing);
  EXPECT_EQ(k.OnTimer(At(29.999), HeardAt(19.9), 1.0), Action::kNone);
  EXPECT_EQ(k.OnTimer(At(30), HeardAt(19.9), 1.0), Action::kGiveUp);
}

TEST(KeepAliveTest, ALateLookIsAsGood) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(500), HeardAt(0), 1.0), Action::kPing) << "not given up for our delay";
  EXPECT_EQ(k.next(), At(510));
  EXPECT_EQ(k.OnTimer(At(600), HeardAt(505), 1.0), Action::kPing) << "answered, and due again";
}

TEST(KeepAliveTest, NoDeadlineRunsWhileReadingIsPaused) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(20), HeardAt(0), 1.0), Action::kPing);
  const KeepAlive::Seen paused{At(0), true, 0, 0};
  for (int second = 30; second <= 300; second += 10) {
    ASSERT_EQ(k.next(), At(second));
    ASSERT_EQ(k.OnTimer(At(second), paused, 1.0), Action::kNone);
  }
  EXPECT_EQ(k.OnTimer(At(310), HeardAt(0), 1.0), Action::kGiveUp);
}

TEST(KeepAliveTest, APingBehindDataWaitsForTheData) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  KeepAlive::Seen leg{At(0), false, 100, 5000};
  ASSERT_EQ(k.OnTimer(At(20), leg, 1.0), Action::kPing);
  for (int second = 30; second <= 200; second += 10) {
    --leg.unacknowledged;
    ++leg.taken;
    ASSERT_EQ(k.OnTimer(At(second), leg, 1.0), Action::kNone);
  }
  // From the last byte taken, at 200, an interval and a time-out.
  EXPECT_EQ(k.OnTimer(At(210), leg, 1.0), Action::kNone);
  EXPECT_EQ(k.OnTimer(At(220), leg, 1.0), Action::kNone);
  EXPECT_EQ(k.OnTimer(At(230), leg, 1.0), Action::kGiveUp);
}

TEST(KeepAliveTest, ThePongHasItsTimeFromWhenTheDataHasArrived) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(20), {At(0), false, 100, 0}, 1.0), Action::kPing);
  // More has been sent behind the ping, which excuses nothing.
  const KeepAlive::Seen arrived{At(0), false, 900, 100};
  EXPECT_EQ(k.OnTimer(At(30), arrived, 1.0), Action::kNone) << "the ping may just be there";
  EXPECT_EQ(k.next(), At(40));
  EXPECT_EQ(k.OnTimer(At(40), arrived, 1.0), Action::kGiveUp);
}

TEST(KeepAliveTest, DataSentBehindThePingExcusesNothing) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(20), HeardAt(0), 1.0), Action::kPing);
  EXPECT_EQ(k.OnTimer(At(30), {At(0), false, 5000, 0}, 1.0), Action::kGiveUp);
}

TEST(KeepAliveTest, DataThatKeepsComingDoesNotHideADeadClient) {
  // A backend that sends a little all the time to a client that has vanished: what it has to take
  // only grows.
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  KeepAlive::Seen leg{At(0), false, 100, 5000};
  ASSERT_EQ(k.OnTimer(At(20), leg, 1.0), Action::kPing);
  Action action = Action::kNone;
  int second = 20;
  while (action == Action::kNone && second < 1000) {
    second += 10;
    leg.unacknowledged += 100;
    action = k.OnTimer(At(second), leg, 1.0);
  }
  EXPECT_EQ(action, Action::kGiveUp);
  EXPECT_EQ(second, 50);
}

TEST(KeepAliveTest, DataThatComesFasterThanItIsTakenIsNotHeldAgainstTheClient) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  KeepAlive::Seen leg{At(0), false, 1000, 0};
  ASSERT_EQ(k.OnTimer(At(20), leg, 1.0), Action::kPing);
  for (int second = 30; leg.taken < 1000; second += 10) {
    leg.taken += 50;
    leg.unacknowledged += 10;
    ASSERT_EQ(k.OnTimer(At(second), leg, 1.0), Action::kNone) << second;
  }
}

TEST(KeepAliveTest, AnIntervalShorterThanThePongTimeout) {
  const auto config = Config(2, 10);
  KeepAlive k(config, kStart, 1.0);
  double now = 2;
  for (int i = 0; i < 5; ++i, now += 2) {
    ASSERT_EQ(k.next(), At(now));
    ASSERT_EQ(k.OnTimer(At(now), HeardAt(now - 1), 1.0), Action::kPing);
  }
  // The one of 10 s is not answered: no further ping, and the whole time-out for this one.
  EXPECT_EQ(k.OnTimer(At(12), HeardAt(9), 1.0), Action::kNone);
  EXPECT_EQ(k.next(), At(20));
  EXPECT_EQ(k.OnTimer(At(20), HeardAt(9), 1.0), Action::kGiveUp);
}

TEST(KeepAliveTest, AnIntervalShorterThanThePongTimeoutWhilePaused) {
  const auto config = Config(2, 10);
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(2), HeardAt(1), 1.0), Action::kPing);
  base::TimePoint now = At(2);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(k.next().has_value());
    ASSERT_GT(*k.next(), now) << "the timer must not spin";
    now = *k.next();
    ASSERT_EQ(k.OnTimer(now, {At(1), true, 0, 0}, 1.0), Action::kNone);
  }
}

TEST(KeepAliveTest, APongCountsOnce) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  EXPECT_FALSE(k.OnPong(k.ping_payload(), {})) << "nothing was asked";
  ASSERT_EQ(k.OnTimer(At(20), HeardAt(0), 1.0), Action::kPing);
  const auto first = k.ping_payload();
  EXPECT_FALSE(k.OnPong(base::Bytes(first).first(3), {}));
  auto other = first;
  ++other[0];
  EXPECT_FALSE(k.OnPong(other, {}));
  EXPECT_TRUE(k.OnPong(first, {}));
  EXPECT_FALSE(k.OnPong(first, {}));
}

TEST(KeepAliveTest, APongForAnEarlierPingMeasuresNothing) {
  const auto config = Config();
  KeepAlive k(config, kStart, 1.0);
  ASSERT_EQ(k.OnTimer(At(20), HeardAt(0), 1.0), Action::kPing);
  const auto first = k.ping_payload();
  ASSERT_EQ(k.OnTimer(At(40), HeardAt(21), 1.0), Action::kPing);
  EXPECT_NE(k.ping_payload(), first);
  EXPECT_FALSE(k.OnPong(first, {}));
  EXPECT_TRUE(k.OnPong(k.ping_payload(), {}));
}

}  // namespace
}  // namespace sluice::leg
