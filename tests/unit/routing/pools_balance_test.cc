// How sessions spread over servers that are all up.
#include <algorithm>
#include <deque>
#include <random>

#include "routing/pools_harness.h"

namespace sluice::routing {
namespace {

using Mode = settings::Balance::Mode;
using ::testing::ElementsAre;

constexpr size_t kSessions = 10'000;

class BalanceTest : public PoolsTest {
 protected:
  /// How many of the sessions each server gets, of which `at_a_time` last until others come.
  std::vector<size_t> Spread(const settings::Backend& backend, size_t at_a_time) {
    Make(backend);
    std::vector<size_t> counts(backend.servers.size());
    std::deque<ServerSlot> held;
    for (size_t i = 0; i < kSessions; ++i) {
      auto slot = Session(std::hash<size_t>()(i) * 0x9e3779b97f4a7c15ULL);
      ++counts[slot.server()];
      held.push_back(std::move(slot));
      if (held.size() > at_a_time) held.pop_front();
    }
    return counts;
  }

  void ExpectWeights(Mode mode) {
    const std::vector<uint32_t> weights = {1, 2, 3, 4, 10};
    for (const size_t at_a_time : {size_t{0}, size_t{1}, size_t{7}, size_t{40}, kSessions}) {
      const auto counts = Spread(BackendOf(weights, {mode}), at_a_time);
      for (size_t i = 0; i < weights.size(); ++i) {
        const double due = kSessions * weights[i] / 20.0;
        EXPECT_NEAR(static_cast<double>(counts[i]), due, due * 0.05)
            << "server " << i << ", " << at_a_time << " at a time";
      }
    }
  }
};

TEST_F(BalanceTest, RoundRobinGoesRoundSmoothly) {
  Make(BackendOf({1, 1, 1}));
  EXPECT_EQ(Turns(6), "0 1 2 0 1 2 ");
  Make(BackendOf({4, 2, 1}));
  EXPECT_EQ(Turns(7), "0 1 0 2 0 1 0 ");
  Make(BackendOf({2, 1}));
  EXPECT_EQ(Turns(6), "0 1 0 0 1 0 ");
}

TEST_F(BalanceTest, RoundRobinKeepsToTheWeights) {
  ExpectWeights(Mode::kRoundRobin);
}

TEST_F(BalanceTest, LeastSessionsKeepsToTheWeights) {
  ExpectWeights(Mode::kLeastSessions);
}

TEST_F(BalanceTest, RandomTwoKeepsToTheWeights) {
  ExpectWeights(Mode::kRandomTwo);
}

TEST_F(BalanceTest, HashKeepsToTheWeights) {
  // It has no memory that could make up for chance: 5 % of 1 in 20 is one standard deviation.
  const std::vector<uint32_t> weights = {2, 3, 5};
  const auto counts = Spread(BackendOf(weights, {Mode::kHash}), 0);
  for (size_t i = 0; i < weights.size(); ++i) {
    const double due = kSessions * weights[i] / 10.0;
    EXPECT_NEAR(static_cast<double>(counts[i]), due, due * 0.05) << i;
  }
}

TEST_F(BalanceTest, LeastSessionsGoesWhereThereAreFewest) {
  Make(BackendOf({1, 1, 2}, {Mode::kLeastSessions}));
  std::vector<ServerSlot> held;
  for (int i = 0; i < 8; ++i) held.push_back(Session());
  // Two, two and four. Those of the second end, and it gets the next two.
  std::erase_if(held, [](const ServerSlot& slot) { return slot.server() == 1; });
  EXPECT_EQ(Session().server(), 1U);
  held.push_back(Session());
  held.push_back(Session());
  EXPECT_EQ(StateOf(0).sessions, 2U);
  EXPECT_EQ(StateOf(1).sessions, 2U);
  EXPECT_EQ(StateOf(2).sessions, 4U);
}

TEST_F(BalanceTest, LeastSessionsCountsDialsUnderWay) {
  Make(BackendOf({1, 1}, {Mode::kLeastSessions}));
  const auto one = Dial();
  const auto two = Dial();
  EXPECT_NE(one.server(), two.server());
}

TEST_F(BalanceTest, RandomTwoNeverTakesTheFullest) {
  Make(BackendOf({1, 1, 1}, {Mode::kRandomTwo}));
  std::vector<ServerSlot> held;
  held.push_back(Session());
  const size_t fullest = held.front().server();
  for (int i = 0; i < 100; ++i) EXPECT_NE(Session().server(), fullest);
}

TEST_F(BalanceTest, HashStaysWithItsServer) {
  Make(BackendOf({1, 2, 3}, {Mode::kHash}));
  for (uint64_t key = 1; key < 100; ++key) {
    const size_t server = Session(key).server();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Session(key).server(), server);
  }
  // Without a key, all get their share.
  EXPECT_EQ(Turns(6), "2 1 0 2 1 2 ");
}

TEST_F(BalanceTest, HashMovesNoMoreThanItMust) {
  constexpr size_t kServers = 10;
  constexpr size_t kKeys = 10'000;
  std::mt19937_64 keys(7);
  const auto spread = [&](const settings::Backend& backend) {
    Make(backend);
    keys.seed(7);
    std::vector<std::string> servers;
    for (size_t i = 0; i < kKeys; ++i) {
      servers.push_back(backend.servers[Session(keys()).server()].address.host);
    }
    return servers;
  };
  auto backend = BackendOf(std::vector<uint32_t>(kServers, 1), {Mode::kHash});
  const auto before = spread(backend);
  // The order of the servers does not matter.
  std::reverse(backend.servers.begin(), backend.servers.end());
  EXPECT_EQ(spread(backend), before);
  // Only what the one had that leaves moves, and to all others alike.
  std::erase_if(backend.servers, [](const auto& server) { return server.address.host == "s3"; });
  const auto after = spread(backend);
  size_t moved = 0;
  std::map<std::string, size_t> moved_to;
  for (size_t i = 0; i < kKeys; ++i) {
    if (before[i] == after[i]) continue;
    EXPECT_EQ(before[i], "s3");
    ++moved;
    ++moved_to[after[i]];
  }
  EXPECT_LE(static_cast<double>(moved) / kKeys, 1.0 / kServers + 0.05);
  EXPECT_GE(moved, kKeys / kServers / 2);
  EXPECT_EQ(moved_to.size(), kServers - 1);
}

TEST_F(BalanceTest, HashGoesOnToAnotherWhenItsServerHasNoPlace) {
  auto backend = BackendOf({1, 1, 1}, {Mode::kHash});
  for (auto& server : backend.servers) server.max_sessions = 1;
  Make(backend);
  const auto first = Session(5);
  const auto second = Session(5);
  EXPECT_NE(first.server(), second.server());
}

TEST_F(BalanceTest, TriedServersAreNotPickedAgain) {
  Make(BackendOf({1, 1, 1}));
  const auto pick = pools->Acquire(0, Asking({}, {0, 2}));
  ASSERT_TRUE(pick);
  EXPECT_EQ(pick->slot.server(), 1U);
  EXPECT_EQ(pick->others, 0U);
  EXPECT_EQ(pools->Acquire(0, Asking())->others, 2U);
  const auto none = pools->Acquire(0, Asking({}, {0, 1, 2}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), NoServer::kTried);
}

TEST_F(BalanceTest, ALowerTierComesFirst) {
  auto backend = BackendOf({1, 1, 1});
  backend.servers[0].tier = 2;
  backend.servers[1].max_sessions = 1;
  backend.servers[2].max_sessions = 1;
  Make(backend);
  std::vector<ServerSlot> held;
  for (int i = 0; i < 2; ++i) held.push_back(Session());
  EXPECT_EQ(StateOf(0).sessions, 0U);
  // Full is as good as down: those that stand by are there to be used.
  held.push_back(Session());
  EXPECT_EQ(held.back().server(), 0U);
  held.erase(held.begin());
  EXPECT_NE(Session().server(), 0U);
  // And a failed dial goes to the same tier first.
  EXPECT_EQ(pools->Acquire(0, Asking({}, {1, 2}))->slot.server(), 0U);
}

TEST_F(BalanceTest, SessionsOfAllConfigurationsCountTogether) {
  auto backend = BackendOf({1, 1}, {Mode::kLeastSessions});
  Make(backend);
  auto old = Session();
  const size_t server = old.server();
  std::swap(backend.servers[0], backend.servers[1]);
  Make(backend, pools.get());
  EXPECT_EQ(StateOf(server == 0 ? 1 : 0).sessions, 1U);
  EXPECT_EQ(Session().server(), server);  // The other one, by now.
  // A server that is gone and comes back still has the sessions from before.
  auto less = BackendOf({1});
  less.servers[0] = backend.servers[server];
  Make(less, pools.get());
  Make(backend, pools.get());
  EXPECT_EQ(StateOf(server == 0 ? 1 : 0).sessions, 1U);
  old = ServerSlot();
  EXPECT_EQ(StateOf(server == 0 ? 1 : 0).sessions, 0U) << "given back to all of them";
}

}  // namespace
}  // namespace sluice::routing
