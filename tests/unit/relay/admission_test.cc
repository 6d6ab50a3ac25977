#include "sluice/relay/admission.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::relay {
namespace {

using base::Cause;
using std::chrono::milliseconds;
using std::chrono::seconds;

base::IpAddress Ip(std::string_view text) {
  return base::IpAddress::Parse(text).value();
}

/// Two routes.
config::Config Config(const config::SessionLimits& limits = {}) {
  config::Config config;
  config.routes.resize(2);
  config.routes[0].name = "a";
  config.routes[1].name = "b";
  for (auto& route : config.routes) route.options.session_limits = limits;
  return config;
}

/// An admission with the limits of one configuration.
class Desk : public Admission {
 public:
  explicit Desk(const config::Config& config) : config_(config), routes_(RoutesOf(config)) {}

  base::Result<Slot, Cause> TakeSlot(size_t route, const std::optional<base::IpAddress>& client,
                                     std::string_view user) {
    return Admission::TakeSlot(*routes_[route], config_.limits,
                               config_.routes[route].options.session_limits, client, user);
  }
  std::optional<base::Duration> TakeHandshake(const std::optional<base::IpAddress>& client,
                                              base::TimePoint now) {
    return Admission::TakeHandshake(*config_.limits.handshake_rate, client, now);
  }

 private:
  const config::Config& config_;
  const std::vector<std::shared_ptr<Route>> routes_;
};

/// The cause of a refusal; nothing if there is a place, which is given back at once.
std::optional<Cause> Refused(Desk& admission, size_t route, std::string_view client = "",
                             std::string_view user = "") {
  const auto slot = admission.TakeSlot(route, base::IpAddress::Parse(client), user);
  return slot ? std::nullopt : std::optional(slot.error());
}

TEST(Admission, WithoutLimitsThereIsRoomAndNothingIsKept) {
  const auto config = Config();
  Desk admission(config);
  std::vector<Admission::Slot> slots;
  for (int i = 0; i < 100; ++i) slots.push_back(*admission.TakeSlot(0, Ip("192.0.2.1"), "alice"));
  EXPECT_EQ(admission.sessions(), 100u);
  EXPECT_EQ(admission.entries(), 0u);
  slots.clear();
  EXPECT_EQ(admission.sessions(), 0u);
}

TEST(Admission, EachLimitHasItsCause) {
  auto config = Config({.all = 3, .per_client = 2, .per_user = 1});
  config.limits.sessions = 4;
  Desk admission(config);
  auto one = admission.TakeSlot(0, Ip("192.0.2.1"), "alice");
  ASSERT_TRUE(one);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.2", "alice"), Cause::kUserSessions);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.2", "bob"), std::nullopt);
  EXPECT_EQ(Refused(admission, 1, "192.0.2.2", "alice"), std::nullopt) << "another route";
  auto two = admission.TakeSlot(0, Ip("192.0.2.1"), "");
  ASSERT_TRUE(two);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.1"), Cause::kClientSessions);
  EXPECT_EQ(Refused(admission, 0, "::ffff:192.0.2.1"), Cause::kClientSessions);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.2"), std::nullopt);
  auto three = admission.TakeSlot(0, std::nullopt, "");
  ASSERT_TRUE(three);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.2"), Cause::kRouteSessions);
  auto four = admission.TakeSlot(1, std::nullopt, "");
  ASSERT_TRUE(four);
  EXPECT_EQ(Refused(admission, 1), Cause::kAllSessions);
}

TEST(Admission, ARefusalTakesNoPlaceAndAnEndGivesItBack) {
  const auto config = Config({.all = 2, .per_client = 1, .per_user = 1});
  Desk admission(config);
  {
    const auto slot = admission.TakeSlot(0, Ip("192.0.2.1"), "alice");
    EXPECT_EQ(admission.entries(), 2u);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(Refused(admission, 0, "192.0.2.1", "bob"), Cause::kClientSessions);
      EXPECT_EQ(Refused(admission, 0, "192.0.2.2", "alice"), Cause::kUserSessions);
    }
    EXPECT_EQ(admission.sessions(), 1u);
    EXPECT_EQ(admission.entries(), 2u);
  }
  EXPECT_EQ(admission.sessions(), 0u);
  EXPECT_EQ(admission.entries(), 0u);
}

TEST(Admission, ARouteOfTheSameNameIsTheSameInAnotherConfiguration) {
  const auto before = Config({.all = 2, .per_client = 1, .per_user = 0});
  Admission admission;
  std::optional<Admission::Slot> slot;
  {
    const auto routes = admission.RoutesOf(before);
    auto taken = admission.TakeSlot(*routes[0], {}, before.routes[0].options.session_limits,
                                    Ip("192.0.2.1"), "");
    ASSERT_TRUE(taken);
    slot = *std::move(taken);
    // Another order, and other limits.
    auto after = before;
    std::swap(after.routes[0], after.routes[1]);
    const auto next = admission.RoutesOf(after);
    EXPECT_EQ(next[1], routes[0]);
    EXPECT_EQ(next[0], routes[1]);
    const config::SessionLimits one{.all = 1, .per_client = 0, .per_user = 0};
    EXPECT_EQ(admission.TakeSlot(*next[1], {}, one, std::nullopt, "").error(),
              Cause::kRouteSessions);
    slot.reset();
    EXPECT_TRUE(admission.TakeSlot(*next[1], {}, one, std::nullopt, ""));
  }
  EXPECT_EQ(admission.entries(), 0u);
}

TEST(Admission, AnIpv6ClientIsItsSlash64) {
  const auto config = Config({.all = 0, .per_client = 1, .per_user = 0});
  Desk admission(config);
  const auto slot = admission.TakeSlot(0, Ip("2001:db8::1"), "");
  EXPECT_EQ(Refused(admission, 0, "2001:db8::ffff:2"), Cause::kClientSessions);
  EXPECT_EQ(Refused(admission, 0, "2001:db8:0:1::1"), std::nullopt);
}

TEST(Admission, APlaceMoves) {
  const auto config = Config({.all = 0, .per_client = 1, .per_user = 0});
  Desk admission(config);
  Admission::Slot kept;
  {
    auto taken = admission.TakeSlot(0, Ip("192.0.2.1"), "");
    ASSERT_TRUE(taken);
    kept = *std::move(taken);
  }
  EXPECT_EQ(admission.sessions(), 1u);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.1"), Cause::kClientSessions);
  kept = Admission::Slot();
  EXPECT_EQ(admission.sessions(), 0u);
  EXPECT_EQ(Refused(admission, 0, "192.0.2.1"), std::nullopt);
}

TEST(Admission, ABurstThenTheRate) {
  auto config = Config();
  config.limits.handshake_rate = {.interval = milliseconds(50), .burst = 3};
  Desk admission(config);
  base::TimePoint now{seconds(1000)};
  const auto take = [&] { return admission.TakeHandshake(Ip("192.0.2.1"), now); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take(), std::nullopt);
  EXPECT_EQ(take(), milliseconds(50));
  EXPECT_EQ(take(), milliseconds(50)) << "who is refused does not wait longer for it";
  EXPECT_EQ(admission.TakeHandshake(Ip("192.0.2.2"), now), std::nullopt);
  EXPECT_EQ(admission.TakeHandshake(std::nullopt, now), std::nullopt);
  now += milliseconds(49);
  EXPECT_EQ(take(), milliseconds(1));
  now += milliseconds(1);
  EXPECT_EQ(take(), std::nullopt);
  EXPECT_EQ(take(), milliseconds(50));
  now += seconds(10);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take(), std::nullopt) << "no more than a burst is saved up";
  EXPECT_EQ(take(), milliseconds(50));
}

TEST(Admission, AFloodOfAddressesTakesBoundedMemoryForATime) {
  auto config = Config();
  config.limits.handshake_rate = {.interval = seconds(1), .burst = 10};
  Desk admission(config);
  base::TimePoint now{seconds(1000)};
  std::array<uint8_t, 16> bytes{0x20, 0x01};
  for (uint32_t i = 0; i < 2 * Admission::kMostRates; ++i) {
    for (size_t place = 4; place < 8; ++place)
      bytes[place] = static_cast<uint8_t>(i >> 8 * (place - 4));
    EXPECT_EQ(admission.TakeHandshake(base::IpAddress::FromBytes(bytes), now), std::nullopt);
  }
  EXPECT_LE(admission.entries(), Admission::kMostRates);
  EXPECT_GT(admission.entries(), Admission::kMostRates * 9 / 10) << "spread over all shards";
  now += seconds(2);
  for (uint32_t i = 0; i < 1000; ++i) {
    bytes[10] = static_cast<uint8_t>(i);
    bytes[4] = static_cast<uint8_t>(i);
    admission.TakeHandshake(base::IpAddress::FromBytes(bytes), now);
  }
  EXPECT_LE(admission.entries(), 1000u);
}

TEST(Admission, ManyThreadsCountAsOne) {
  auto config = Config({.all = 50, .per_client = 10, .per_user = 0});
  config.limits.sessions = 60;
  Desk admission(config);
  std::atomic<int> most{0};
  std::atomic<int> now{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const auto slot = admission.TakeSlot(0, Ip("192.0.2.1"), "");
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
  EXPECT_EQ(admission.sessions(), 0u);
  EXPECT_EQ(admission.entries(), 0u);
}

}  // namespace
}  // namespace sluice::relay
