// Servers that are down, ejected or coming back.
#include "routing/pools_harness.h"

namespace sluice::routing {
namespace {

using Health = ServerState::Health;
using Mode = settings::Balance::Mode;

class HealthTest : public PoolsTest {
 protected:
  void SetUp() override {
    // Whatever a dial would have had, it is ejected after two failures.
    backend_ = BackendOf({1, 1});
    backend_.ejection = {.after = 2, .first = 10s, .at_most = 35s};
    Make(backend_);
  }

  /// A dial to `server` fails; for how long it is ejected by that.
  std::optional<base::Duration> Fail(size_t server) {
    auto pick = pools->Acquire(0, Asking({}, {1 - server}));
    EXPECT_TRUE(pick.has_value());
    return pick ? pick->slot.OnFailed(now) : std::nullopt;
  }

  NoServer WhyNone() {
    auto pick = pools->Acquire(0, Asking());
    EXPECT_FALSE(pick.has_value());
    return pick ? NoServer::kTried : pick.error();
  }

  settings::Backend backend_;
};

TEST_F(HealthTest, AServerThatIsDownGetsNothing) {
  EXPECT_TRUE(pools->SetHealth(0, 0, false, now));
  EXPECT_FALSE(pools->SetHealth(0, 0, false, now));
  EXPECT_EQ(StateOf(0).health, Health::kDown);
  EXPECT_EQ(Turns(3), "1 1 1 ");
  EXPECT_TRUE(pools->SetHealth(0, 0, true, now));
  EXPECT_EQ(StateOf(0).health, Health::kUp);
  Turns(1);
  EXPECT_EQ(Turns(2), "1 0 ");
}

TEST_F(HealthTest, WithNoServerUpThereIsNone) {
  pools->SetHealth(0, 0, false, now);
  pools->SetHealth(0, 1, false, now);
  EXPECT_EQ(WhyNone(), NoServer::kDown);
  now += 24h;
  EXPECT_EQ(WhyNone(), NoServer::kDown);
}

TEST_F(HealthTest, ATierIsUsedWhenTheOneBeforeIsDown) {
  backend_.servers[1].tier = 2;
  Make(backend_);
  EXPECT_EQ(Turns(2), "0 0 ");
  pools->SetHealth(0, 0, false, now);
  EXPECT_EQ(Turns(2), "1 1 ");
  pools->SetHealth(0, 0, true, now);
  EXPECT_EQ(Turns(2), "0 0 ");
}

TEST_F(HealthTest, FailuresInARowEject) {
  EXPECT_EQ(Fail(0), std::nullopt);
  EXPECT_EQ(StateOf(0).health, Health::kUp);
  EXPECT_EQ(Fail(0), 10s);
  EXPECT_EQ(StateOf(0).health, Health::kEjected);
  EXPECT_EQ(StateOf(0).ejected_for, 10s);
  EXPECT_EQ(StateOf(0).ejections, 1U);
  EXPECT_EQ(StateOf(0).sessions, 0U);
  EXPECT_EQ(StateOf(0).dials, 0U);
  EXPECT_EQ(Turns(3), "1 1 1 ");
}

TEST_F(HealthTest, ASuccessBetweenThemDoesNot) {
  EXPECT_EQ(Fail(0), std::nullopt);
  Turns(2);
  EXPECT_EQ(Fail(0), std::nullopt);
  EXPECT_EQ(Fail(0), 10s);
}

TEST_F(HealthTest, OneDialIsATrialWhenTheTimeIsOver) {
  Fail(0);
  Fail(0);
  now += 10s;
  auto trial = pools->Acquire(0, Asking({}, {1}));
  ASSERT_TRUE(trial);
  const auto second = pools->Acquire(0, Asking({}, {1}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), NoServer::kTried);
  EXPECT_TRUE(trial->slot.OnConnected(now));
  EXPECT_EQ(StateOf(0).health, Health::kUp);
  EXPECT_FALSE(pools->Acquire(0, Asking({}, {1}))->slot.OnConnected(now));
}

TEST_F(HealthTest, EachTimeInARowIsTwiceAsLong) {
  Fail(0);
  EXPECT_EQ(Fail(0), 10s);
  now += 10s;
  EXPECT_EQ(Fail(0), 20s);
  now += 20s;
  EXPECT_EQ(Fail(0), 35s);
  now += 35s;
  EXPECT_EQ(Fail(0), 35s);
  now += 35s;
  pools->Acquire(0, Asking({}, {1}))->slot.OnConnected(now);
  Fail(0);
  EXPECT_EQ(Fail(0), 10s);
  EXPECT_EQ(StateOf(0).ejections, 5U);
}

TEST_F(HealthTest, DialsThatWereUnderWayAddNothing) {
  std::vector<ServerSlot> dials;
  for (int i = 0; i < 5; ++i) dials.push_back(std::move(pools->Acquire(0, Asking({}, {1}))->slot));
  EXPECT_EQ(dials[0].OnFailed(now), std::nullopt);
  EXPECT_EQ(dials[1].OnFailed(now), 10s);
  for (size_t i = 2; i < 5; ++i) EXPECT_EQ(dials[i].OnFailed(now), std::nullopt);
  EXPECT_EQ(StateOf(0).ejections, 1U);
}

// The service is back as soon as its server is, and nobody waits in front of a dead host.
TEST_F(HealthTest, WhenNoOtherIsUpAnEjectedOneIsTriedAllTheSame) {
  for (const size_t server : {size_t{0}, size_t{0}, size_t{1}, size_t{1}}) Fail(server);
  EXPECT_EQ(StateOf(0).health, Health::kEjected);
  EXPECT_EQ(StateOf(1).health, Health::kEjected);
  auto first = pools->Acquire(0, Asking({}, {1}));
  ASSERT_TRUE(first);
  now += 100ms;
  EXPECT_TRUE(pools->Acquire(0, Asking({}, {1})));  // A living host would need a moment, too.
  auto other = pools->Acquire(0, Asking({}, {0}));
  ASSERT_TRUE(other);
  now += 500ms;
  EXPECT_EQ(WhyNone(), NoServer::kDown);
  first->slot.OnFailed(now);
  EXPECT_TRUE(pools->Acquire(0, Asking()));
}

TEST_F(HealthTest, ItCanBeSwitchedOff) {
  backend_.ejection.after = 0;
  Make(backend_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Fail(0), std::nullopt);
  EXPECT_EQ(StateOf(0).health, Health::kUp);
}

TEST_F(HealthTest, ServersThatRequestsNameAreNotJudged) {
  settings::Backend backend{"t", {{{settings::Endpoint::Kind::kDynamic, "{s}:1", 0}}}};
  backend.target = settings::DynamicTarget();
  Make(backend);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Dial().OnFailed(now), std::nullopt);
  EXPECT_EQ(StateOf(0).health, Health::kUp);
}

TEST_F(HealthTest, AnActiveCheckLiftsAnEjection) {
  Fail(0);
  Fail(0);
  pools->SetHealth(0, 0, false, now);
  EXPECT_EQ(StateOf(0).health, Health::kDown);
  pools->SetHealth(0, 0, true, now);
  EXPECT_EQ(StateOf(0).health, Health::kUp);
}

TEST_F(HealthTest, HealthOutlivesAReload) {
  Fail(0);
  Fail(0);
  Make(backend_, pools.get());
  EXPECT_EQ(StateOf(0).health, Health::kEjected);
  EXPECT_EQ(StateOf(0).ejections, 1U);
}

TEST_F(HealthTest, ASlowStartBeginsSmallAndGrows) {
  backend_.slow_start = 100s;
  Make(backend_);
  pools->SetHealth(0, 0, false, now);
  pools->SetHealth(0, 0, true, now);
  EXPECT_EQ(StateOf(0).health, Health::kStarting);
  // Its share of the sessions with 5 %, half and all of its weight.
  const std::pair<base::Duration, double> steps[] = {
      {0s, 0.05 / 1.05}, {50s, 0.5 / 1.5}, {50s, 0.5}};
  for (const auto& [after, share] : steps) {
    now += after;
    size_t count = 0;
    for (int i = 0; i < 1000; ++i) count += Session().server() == 0 ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(count), 1000 * share, 20) << after.count();
  }
  EXPECT_EQ(StateOf(0).health, Health::kUp);
}

TEST_F(HealthTest, ASlowStartIsNoRushOfNewcomers) {
  backend_.slow_start = 100s;
  backend_.balance.mode = Mode::kLeastSessions;
  Make(backend_);
  pools->SetHealth(0, 0, false, now);
  std::vector<ServerSlot> held;
  for (int i = 0; i < 100; ++i) held.push_back(Session());
  pools->SetHealth(0, 0, true, now);
  // By its sessions alone it would get the next hundred.
  for (int i = 0; i < 100; ++i) held.push_back(Session());
  EXPECT_LE(StateOf(0).sessions, 10U);
  now += 50s;
  for (int i = 0; i < 100; ++i) held.push_back(Session());
  EXPECT_NEAR(static_cast<double>(StateOf(0).sessions), 100, 10);
}

TEST_F(HealthTest, ATrialThatSucceedsIsASlowStart) {
  backend_.slow_start = 10s;
  Make(backend_);
  Fail(0);
  Fail(0);
  now += 10s;
  pools->Acquire(0, Asking({}, {1}))->slot.OnConnected(now);
  EXPECT_EQ(StateOf(0).health, Health::kStarting);
}

}  // namespace
}  // namespace sluice::routing
