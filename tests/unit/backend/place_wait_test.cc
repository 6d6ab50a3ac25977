#include "sluice/backend/place_wait.h"

#include <thread>

#include <gtest/gtest.h>

#include "net/run_loop.h"

namespace sluice::backend {
namespace {

class PlaceWaitTest : public testing::Test {
 protected:
  PlaceWaitTest() : pools_(OnePlace(), nullptr, 1) {
    criteria_.now = net::EventLoop::Now();
    occupied_ = std::move(pools_.Acquire(0, criteria_)->slot);
  }

  static settings::Config OnePlace() {
    settings::Config config;
    config.backends.push_back({"b", {{{settings::Endpoint::Kind::kTcp, "a", 1}, 1, 1, 1}}});
    config.backends[0].queue.size = 1;
    return config;
  }

  std::unique_ptr<PlaceWait> Start() {
    return PlaceWait::Start(loop_, pools_, 0, criteria_, [this] { ++calls_; });
  }

  net::EventLoop loop_;
  routing::Pools pools_;
  routing::Criteria criteria_;
  routing::ServerSlot occupied_;
  int calls_ = 0;
};

TEST_F(PlaceWaitTest, TellsItsLoopOfAPlaceThatAnotherThreadGivesBack) {
  const auto wait = Start();
  ASSERT_NE(wait, nullptr);
  std::thread([this] { occupied_ = routing::ServerSlot(); }).join();
  EXPECT_EQ(calls_, 0) << "not from within";
  EXPECT_TRUE(net::testing::RunUntil(loop_, [this] { return calls_ == 1; }));
  EXPECT_TRUE(wait->Acquire());
}

TEST_F(PlaceWaitTest, WhoIsGoneIsNotTold) {
  auto wait = Start();
  occupied_ = routing::ServerSlot();
  wait.reset();
  net::testing::RunTurns(loop_, 3);
  EXPECT_EQ(calls_, 0);
  EXPECT_TRUE(pools_.Acquire(0, criteria_)) << "the place is free again";
}

TEST_F(PlaceWaitTest, MayBeDestroyedWhenItTells) {
  std::unique_ptr<PlaceWait> wait;
  wait = PlaceWait::Start(loop_, pools_, 0, criteria_, [&] {
    wait.reset();
    ++calls_;
  });
  occupied_ = routing::ServerSlot();
  EXPECT_TRUE(net::testing::RunUntil(loop_, [this] { return calls_ == 1; }));
}

TEST_F(PlaceWaitTest, IsNotPossibleInAFullQueue) {
  const auto wait = Start();
  EXPECT_EQ(Start(), nullptr);
}

}  // namespace
}  // namespace sluice::backend
