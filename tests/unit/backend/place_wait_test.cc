#include "sluice/backend/place_wait.h"

#include <thread>

#include <gtest/gtest.h>

#include "net/run_loop.h"

namespace sluice::backend {
namespace {

class PlaceWaitTest : public testing::Test {
 protected:
  PlaceWaitTest() : pools_(OnePlace(), nullptr, 1) {
    ask_.now = net::EventLoop::Now();
    taken_ = std::move(pools_.Take(0, ask_)->slot);
  }

  static settings::Config OnePlace() {
    settings::Config config;
    config.backends.push_back({"b", {{{settings::Endpoint::Kind::kTcp, "a", 1}, 1, 1, 1}}});
    config.backends[0].queue.size = 1;
    return config;
  }

  std::unique_ptr<PlaceWait> Start() {
    return PlaceWait::Start(loop_, pools_, 0, ask_, [this] { ++told_; });
  }

  net::EventLoop loop_;
  routing::Pools pools_;
  routing::Ask ask_;
  routing::ServerSlot taken_;
  int told_ = 0;
};

TEST_F(PlaceWaitTest, TellsItsLoopOfAPlaceThatAnotherThreadGivesBack) {
  const auto wait = Start();
  ASSERT_NE(wait, nullptr);
  std::thread([this] { taken_ = routing::ServerSlot(); }).join();
  EXPECT_EQ(told_, 0) << "not from within";
  EXPECT_TRUE(net::testing::RunUntil(loop_, [this] { return told_ == 1; }));
  EXPECT_TRUE(wait->Take());
}

TEST_F(PlaceWaitTest, WhoIsGoneIsNotTold) {
  auto wait = Start();
  taken_ = routing::ServerSlot();
  wait.reset();
  net::testing::RunTurns(loop_, 3);
  EXPECT_EQ(told_, 0);
  EXPECT_TRUE(pools_.Take(0, ask_)) << "the place is free again";
}

TEST_F(PlaceWaitTest, MayBeDestroyedWhenItTells) {
  std::unique_ptr<PlaceWait> wait;
  wait = PlaceWait::Start(loop_, pools_, 0, ask_, [&] {
    wait.reset();
    ++told_;
  });
  taken_ = routing::ServerSlot();
  EXPECT_TRUE(net::testing::RunUntil(loop_, [this] { return told_ == 1; }));
}

TEST_F(PlaceWaitTest, IsNotPossibleInAFullQueue) {
  const auto wait = Start();
  EXPECT_EQ(Start(), nullptr);
}

}  // namespace
}  // namespace sluice::backend
