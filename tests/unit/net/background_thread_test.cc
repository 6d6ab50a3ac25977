#include "sluice/net/background_thread.h"

#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(BackgroundThread, RunsWorkInOrderOnOneOtherThread) {
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  std::promise<void> done;
  BackgroundThread background;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(background.Run([&, i] {
      order.push_back(i);
      threads.push_back(std::this_thread::get_id());
      if (i == 9) done.set_value();
    }));
  }
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(threads, std::vector<std::thread::id>(10, threads.front()));
  EXPECT_NE(threads.front(), std::this_thread::get_id());
}

TEST(BackgroundThread, RefusesWorkWhenTooMuchWaits) {
  std::promise<void> started;
  std::promise<void> release;
  size_t done = 0;
  {
    BackgroundThread background;
    ASSERT_TRUE(background.Run([&] {
      started.set_value();
      release.get_future().wait();
      ++done;
    }));
    started.get_future().wait();
    for (size_t i = 0; i < BackgroundThread::kMostWaiting; ++i) {
      EXPECT_TRUE(background.Run([&] { ++done; }));
    }
    EXPECT_FALSE(background.Run([&] { ++done; }));
    release.set_value();
  }
  EXPECT_LE(done, 1 + BackgroundThread::kMostWaiting) << "destroying it drops what waits";
  EXPECT_GE(done, 1u) << "and waits for the piece that runs";
}

}  // namespace
}  // namespace sluice::net
