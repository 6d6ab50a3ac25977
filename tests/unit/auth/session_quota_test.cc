#include "sluice/auth/session_quota.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/ip_text.h"

namespace sluice::auth {
namespace {

using base::Cause;
using base::testing::Ip;

/// Two routes.
settings::Config Config(const settings::SessionLimits& limits = {}) {
  settings::Config config;
  config.routes.resize(2);
  config.routes[0].name = "a";
  config.routes[1].name = "b";
  for (auto& route : config.routes) route.options.session_limits = limits;
  return config;
}

/// A quota with the limits of one configuration.
class Quota : public SessionQuota {
 public:
  explicit Quota(const settings::Config& config)
      : config_(config), routes_(RouteCountsOf(config)) {}

  base::Result<Slot, Cause> Acquire(size_t route, const std::optional<base::IpAddress>& client,
                                    std::string_view user) {
    return SessionQuota::Acquire(*routes_[route], config_.limits,
                                 config_.routes[route].options.session_limits, client, user);
  }

 private:
  const settings::Config& config_;
  const std::vector<std::shared_ptr<RouteCount>> routes_;
};

/// The cause of a refusal; nothing if there is a place, which is given back at once.
std::optional<Cause> Refused(Quota& quota, size_t route, std::string_view client = "",
                             std::string_view user = "") {
  const auto slot = quota.Acquire(route, base::IpAddress::Parse(client), user);
  return slot ? std::nullopt : std::optional(slot.error());
}

TEST(SessionQuota, WithoutLimitsThereIsRoomAndNothingIsKept) {
  const auto config = Config();
  Quota quota(config);
  std::vector<SessionQuota::Slot> slots;
  for (int i = 0; i < 100; ++i) slots.push_back(*quota.Acquire(0, Ip("192.0.2.1"), "alice"));
  EXPECT_EQ(quota.sessions(), 100u);
  EXPECT_EQ(quota.entries(), 0u);
  slots.clear();
  EXPECT_EQ(quota.sessions(), 0u);
}

TEST(SessionQuota, EachLimitHasItsCause) {
  auto config = Config({.all = 3, .per_client = 2, .per_user = 1});
  config.limits.sessions = 4;
  Quota quota(config);
  auto one = quota.Acquire(0, Ip("192.0.2.1"), "alice");
  ASSERT_TRUE(one);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.2", "alice"), Cause::kUserSessions);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.2", "bob"), std::nullopt);
  EXPECT_EQ(Refused(quota, 1, "192.0.2.2", "alice"), std::nullopt) << "another route";
  auto two = quota.Acquire(0, Ip("192.0.2.1"), "");
  ASSERT_TRUE(two);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.1"), Cause::kClientSessions);
  EXPECT_EQ(Refused(quota, 0, "::ffff:192.0.2.1"), Cause::kClientSessions);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.2"), std::nullopt);
  auto three = quota.Acquire(0, std::nullopt, "");
  ASSERT_TRUE(three);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.2"), Cause::kRouteSessions);
  auto four = quota.Acquire(1, std::nullopt, "");
  ASSERT_TRUE(four);
  EXPECT_EQ(Refused(quota, 1), Cause::kAllSessions);
}

TEST(SessionQuota, ARefusalTakesNoPlaceAndAnEndGivesItBack) {
  const auto config = Config({.all = 2, .per_client = 1, .per_user = 1});
  Quota quota(config);
  {
    const auto slot = quota.Acquire(0, Ip("192.0.2.1"), "alice");
    EXPECT_EQ(quota.entries(), 2u);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(Refused(quota, 0, "192.0.2.1", "bob"), Cause::kClientSessions);
      EXPECT_EQ(Refused(quota, 0, "192.0.2.2", "alice"), Cause::kUserSessions);
    }
    EXPECT_EQ(quota.sessions(), 1u);
    EXPECT_EQ(quota.entries(), 2u);
  }
  EXPECT_EQ(quota.sessions(), 0u);
  EXPECT_EQ(quota.entries(), 0u);
}

TEST(SessionQuota, ARouteOfTheSameNameIsTheSameInAnotherConfiguration) {
  const auto before = Config({.all = 2, .per_client = 1, .per_user = 0});
  SessionQuota quota;
  std::optional<SessionQuota::Slot> slot;
  {
    const auto routes = quota.RouteCountsOf(before);
    auto taken =
        quota.Acquire(*routes[0], {}, before.routes[0].options.session_limits, Ip("192.0.2.1"), "");
    ASSERT_TRUE(taken);
    slot = *std::move(taken);
    // Another order, and other limits.
    auto after = before;
    std::swap(after.routes[0], after.routes[1]);
    const auto next = quota.RouteCountsOf(after);
    EXPECT_EQ(next[1], routes[0]);
    EXPECT_EQ(next[0], routes[1]);
    const settings::SessionLimits one{.all = 1, .per_client = 0, .per_user = 0};
    EXPECT_EQ(quota.Acquire(*next[1], {}, one, std::nullopt, "").error(), Cause::kRouteSessions);
    slot.reset();
    EXPECT_TRUE(quota.Acquire(*next[1], {}, one, std::nullopt, ""));
  }
  EXPECT_EQ(quota.entries(), 0u);
}

TEST(SessionQuota, AnIpv6ClientIsItsSlash64) {
  const auto config = Config({.all = 0, .per_client = 1, .per_user = 0});
  Quota quota(config);
  const auto slot = quota.Acquire(0, Ip("2001:db8::1"), "");
  EXPECT_EQ(Refused(quota, 0, "2001:db8::ffff:2"), Cause::kClientSessions);
  EXPECT_EQ(Refused(quota, 0, "2001:db8:0:1::1"), std::nullopt);
}

TEST(SessionQuota, APlaceMoves) {
  const auto config = Config({.all = 0, .per_client = 1, .per_user = 0});
  Quota quota(config);
  SessionQuota::Slot kept;
  {
    auto taken = quota.Acquire(0, Ip("192.0.2.1"), "");
    ASSERT_TRUE(taken);
    kept = *std::move(taken);
  }
  EXPECT_EQ(quota.sessions(), 1u);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.1"), Cause::kClientSessions);
  kept = SessionQuota::Slot();
  EXPECT_EQ(quota.sessions(), 0u);
  EXPECT_EQ(Refused(quota, 0, "192.0.2.1"), std::nullopt);
}

TEST(SessionQuota, ManyThreadsCountAsOne) {
  auto config = Config({.all = 50, .per_client = 10, .per_user = 0});
  config.limits.sessions = 60;
  Quota quota(config);
  std::atomic<int> most{0};
  std::atomic<int> now{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const auto slot = quota.Acquire(0, Ip("192.0.2.1"), "");
        if (!slot) continue;
        const int here = ++now;
        int seen = most.load();
        while (here > seen && !most.compare_exchange_weak(seen, here)) {
        }
        --now;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most.load(), 10);
  EXPECT_EQ(quota.sessions(), 0u);
  EXPECT_EQ(quota.entries(), 0u);
}

}  // namespace
}  // namespace sluice::auth
