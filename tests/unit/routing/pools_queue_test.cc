// Servers that are full, and who waits for them.
#include <atomic>
#include <thread>

#include "routing/pools_harness.h"

namespace sluice::routing {
namespace {

class QueueTest : public PoolsTest {
 protected:
  void SetUp() override {
    backend_ = BackendOf({1, 1});
    backend_.servers[0].max_sessions = 1;
    backend_.servers[1].max_sessions = 2;
    backend_.queue.size = 2;
    Make(backend_);
    for (int i = 0; i < 3; ++i) held_.push_back(Session());
  }

  std::unique_ptr<PlaceWaiter> Wait(std::vector<size_t> tried = {}) {
    return pools->Wait(0, Asking({}, std::move(tried)), [this] { ++told_; });
  }

  uint64_t Ends(QueueEnd end) {
    return pools->Describe(now)[0].queue_ends[static_cast<size_t>(end)];
  }

  /// Gives back a place of `server`.
  void Free(size_t server) {
    const auto place = std::find_if(held_.begin(), held_.end(),
                                    [&](const auto& slot) { return slot.server() == server; });
    ASSERT_NE(place, held_.end());
    held_.erase(place);
  }

  settings::Backend backend_;
  std::vector<ServerSlot> held_;
  int told_ = 0;
};

TEST_F(QueueTest, NoServerHasMoreThanItsPlaces) {
  const auto none = pools->Acquire(0, Asking());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), NoServer::kFull);
  EXPECT_EQ(StateOf(0).sessions, 1U);
  EXPECT_EQ(StateOf(1).sessions, 2U);
  Free(0);
  EXPECT_EQ(pools->Acquire(0, Asking())->slot.server(), 0U);
}

TEST_F(QueueTest, FirstComeFirstServed) {
  const auto one = Wait();
  const auto two = Wait();
  EXPECT_EQ(pools->Describe(now)[0].waiting, 2U);
  EXPECT_FALSE(one->Acquire(now));
  now += 3s;
  Free(1);
  EXPECT_EQ(told_, 1);
  EXPECT_FALSE(two->Acquire(now));
  const auto slot = one->Acquire(now);
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->server(), 1U);
  EXPECT_FALSE(one->Acquire(now));
  EXPECT_EQ(StateOf(1).sessions, 2U);
  EXPECT_EQ(pools->Describe(now)[0].waiting, 1U);
  EXPECT_EQ(pools->Describe(now)[0].waited, 3s);
  EXPECT_EQ(Ends(QueueEnd::kPlace), 1U);
}

TEST_F(QueueTest, IsBounded) {
  const auto one = Wait();
  const auto two = Wait();
  EXPECT_EQ(Wait(), nullptr);
  EXPECT_EQ(Ends(QueueEnd::kFull), 1U);
}

TEST_F(QueueTest, WithoutAQueueNobodyWaits) {
  backend_.queue.size = 0;
  Make(backend_, pools.get());
  EXPECT_EQ(Wait(), nullptr);
  EXPECT_EQ(Ends(QueueEnd::kFull), 0U);
}

TEST_F(QueueTest, APlaceThatIsFreeByNowIsTakenAtOnce) {
  Free(0);
  const auto waiter = Wait();
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(waiter->Acquire(now));
}

TEST_F(QueueTest, WhoLeavesIsNotTold) {
  auto one = Wait();
  const auto two = Wait();
  one.reset();
  EXPECT_EQ(Ends(QueueEnd::kLeft), 1U);
  Free(0);
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(two->Acquire(now));
}

TEST_F(QueueTest, APlaceThatNobodyTakesGoesOn) {
  auto one = Wait();
  const auto two = Wait();
  Free(0);
  one.reset();  // It was told, but has left before it could take it.
  EXPECT_EQ(told_, 2);
  EXPECT_TRUE(two->Acquire(now));
  EXPECT_EQ(StateOf(0).sessions, 0U);
}

TEST_F(QueueTest, GivingUpIsCounted) {
  const auto one = Wait();
  one->GiveUp();
  EXPECT_EQ(Ends(QueueEnd::kTimeout), 1U);
  Free(0);
  EXPECT_EQ(told_, 0);
}

TEST_F(QueueTest, AServerThatWasTriedIsForTheNextInLine) {
  const auto one = Wait({0});
  const auto two = Wait();
  Free(0);
  EXPECT_FALSE(one->Acquire(now));
  EXPECT_TRUE(two->Acquire(now));
}

TEST_F(QueueTest, AServerThatComesUpTakesAsManyAsItCan) {
  held_.clear();
  pools->SetHealth(0, 1, false, now);
  held_.push_back(Session());
  const auto one = Wait();
  const auto two = Wait();
  pools->SetHealth(0, 1, true, now);
  EXPECT_EQ(told_, 2);
  EXPECT_EQ(one->Acquire(now)->server(), 1U);
  EXPECT_EQ(two->Acquire(now)->server(), 1U);
}

TEST_F(QueueTest, LooksForServersThatMayBeTriedAgain) {
  held_.clear();
  backend_.ejection.after = 1;
  Make(backend_);
  auto failing = pools->Acquire(0, Asking({}, {0}));
  failing->slot.OnFailed(now);
  held_.push_back(Session());
  ASSERT_EQ(held_.back().server(), 0U);
  const auto waiter = Wait();
  EXPECT_FALSE(waiter->Retry(now));
  now += 10s;
  EXPECT_EQ(waiter->Retry(now)->server(), 1U);
  EXPECT_EQ(pools->Describe(now)[0].waiting, 0U);
}

TEST_F(QueueTest, WhoWaitsSinceBeforeAReloadIsServed) {
  const auto waiter = Wait();
  backend_.servers.pop_back();
  Make(backend_, pools.get());
  held_.clear();
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(waiter->Acquire(now));
}

TEST_F(QueueTest, AReloadThatRaisesMaxSessionsServesThoseThatWait) {
  const auto one = Wait();
  const auto two = Wait();
  backend_.servers[0].max_sessions = 2;
  Make(backend_, pools.get());
  EXPECT_EQ(told_, 0) << "the configuration is not in use yet";
  EXPECT_FALSE(one->Retry(now));
  pools->Activate();
  EXPECT_EQ(told_, 1);
  const auto slot = one->Acquire(now);
  EXPECT_TRUE(slot);
  EXPECT_FALSE(two->Acquire(now));
  backend_.servers[0].max_sessions = 0;
  Make(backend_, pools.get());
  pools->Activate();
  EXPECT_TRUE(two->Acquire(now)) << "any number";
}

TEST_F(QueueTest, AReloadThatLowersMaxSessionsHoldsForThoseThatWait) {
  const auto waiter = Wait();
  backend_.servers[1].max_sessions = 1;
  Make(backend_, pools.get());
  pools->Activate();
  Free(1);
  EXPECT_EQ(told_, 0) << "the server still has one session";
  Free(1);
  EXPECT_EQ(told_, 1);
}

TEST_F(QueueTest, ManyThreadsNeverHaveMoreThanThePlaces) {
  held_.clear();
  backend_.queue.size = 100;
  Make(backend_, pools.get());
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  const auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      std::atomic<bool> told{false};
      std::unique_ptr<PlaceWaiter> waiter;
      std::optional<ServerSlot> slot;
      if (auto pick = pools->Acquire(0, Asking())) {
        slot = std::move(pick->slot);
      } else {
        waiter = pools->Wait(0, Asking(), [&told] { told = true; });
        ASSERT_NE(waiter, nullptr);
        if (i % 3 == 0) continue;  // It leaves, with its place if it has got one.
        while (!told) std::this_thread::yield();
        slot = waiter->Acquire(now);
        ASSERT_TRUE(slot);
      }
      const int here = ++inside;
      int known = most;
      while (here > known && !most.compare_exchange_weak(known, here)) continue;
      slot->OnConnected(now);
      --inside;
      ++done;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_GT(done, 0);
  EXPECT_EQ(StateOf(0).sessions + StateOf(1).sessions, 0U);
  EXPECT_EQ(pools->Describe(now)[0].waiting, 0U);
}

}  // namespace
}  // namespace sluice::routing
