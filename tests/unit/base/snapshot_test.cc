#include "sluice/base/snapshot.h"

#include <thread>

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(Snapshot, BeginsEmptyOrWithAValue) {
  EXPECT_EQ(Snapshot<int>().Get(), nullptr);
  EXPECT_EQ(*Snapshot<int>(std::make_shared<const int>(1)).Get(), 1);
}

TEST(Snapshot, WhoeverTookAValueKeepsIt) {
  Snapshot<int> snapshot(std::make_shared<const int>(1));
  const auto taken = snapshot.Get();
  snapshot.Set(std::make_shared<const int>(2));
  EXPECT_EQ(*taken, 1);
  EXPECT_EQ(*snapshot.Get(), 2);
}

TEST(Snapshot, IsReplacedWhileOthersRead) {
  Snapshot<int> snapshot(std::make_shared<const int>(0));
  std::thread writer([&snapshot] {
    for (int i = 1; i <= 10'000; ++i) snapshot.Set(std::make_shared<const int>(i));
  });
  for (int last = 0; last < 10'000;) {
    const int now = *snapshot.Get();
    EXPECT_GE(now, last);
    last = now;
  }
  writer.join();
}

}  // namespace
}  // namespace sluice::base
