// `limits` as far as they are about who may still come in.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::NoVariables;

LoadResult LoadLimits(const std::string& defaults, const std::string& route = "{}") {
  return LoadString("listeners: [1]\nroutes: [{name: a, match: {path: /a}, backend: a:1, limits: " +
                        route + "}]\ndefaults: {limits: " + defaults + "}\n",
                    "f", NoVariables);
}

std::vector<std::string> LimitHeads(const std::string& defaults, const std::string& route = "{}") {
  return testing::Messages(LoadLimits(defaults, route));
}

TEST(LoadLimits, NothingIsLimitedByDefault) {
  for (const char* defaults : {"{}",
                               "{sessions: off, route_sessions: off, sessions_per_client: off, "
                               "sessions_per_user: off, handshake_rate: off}"}) {
    const auto loaded = LoadLimits(defaults);
    ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
    const auto& limits = loaded->config.routes[0].options.session_limits;
    EXPECT_EQ(loaded->config.limits.sessions, 0u);
    EXPECT_FALSE(loaded->config.limits.handshake_rate);
    EXPECT_EQ(limits.all, 0u);
    EXPECT_EQ(limits.per_client, 0u);
    EXPECT_EQ(limits.per_user, 0u);
  }
}

TEST(LoadLimits, ARouteOverridesKeyByKey) {
  const auto loaded =
      LoadLimits("{sessions: 10, route_sessions: 9, sessions_per_client: 8, sessions_per_user: 7}",
                 "{route_sessions: off, sessions_per_user: 3}");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto& limits = loaded->config.routes[0].options.session_limits;
  EXPECT_EQ(loaded->config.limits.sessions, 10u);
  EXPECT_EQ(limits.all, 0u);
  EXPECT_EQ(limits.per_client, 8u);
  EXPECT_EQ(limits.per_user, 3u);
}

TEST(LoadLimits, ReadsARate) {
  const auto of = [](const std::string& rate) {
    const auto loaded = LoadLimits("{handshake_rate: {" + rate + "}}");
    EXPECT_TRUE(loaded) << rate;
    return loaded ? *loaded->config.limits.handshake_rate : settings::Rate();
  };
  EXPECT_EQ(of("rate: 20/s, burst: 5").interval, std::chrono::milliseconds(50));
  EXPECT_EQ(of("rate: 20/s, burst: 5").burst, 5u);
  EXPECT_EQ(of("rate: 100/m").interval, std::chrono::milliseconds(600));
  EXPECT_EQ(of("rate: 5/h").interval, std::chrono::minutes(12));
  EXPECT_EQ(of("rate: 100000/s").interval, std::chrono::microseconds(10));
  EXPECT_EQ(of("rate: 1/s").burst, 100u);
}

TEST(LoadLimits, SaysWhatIsWrong) {
  EXPECT_THAT(LimitHeads("{sessions: 0}"),
              ElementsAre("sessions: expected 'off' or a number from 1 to 10000000, found '0'"));
  EXPECT_THAT(LimitHeads("{handshake_rate: 20/s}"),
              ElementsAre("handshake_rate: expected 'off' or a mapping with 'rate' and 'burst', "
                          "found '20/s'"));
  EXPECT_THAT(LimitHeads("{handshake_rate: {burst: 0}}"),
              ElementsAre("handshake_rate: missing key 'rate'",
                          "burst: expected a number from 1 to 1000000, found '0'"));
  for (const char* rate : {"20", "0/s", "20/d", "/s", "100001/s", "2.5/s", "20 /s"}) {
    EXPECT_THAT(LimitHeads("{handshake_rate: {rate: " + std::string(rate) + "}}"),
                ElementsAre("rate: expected a rate such as 20/s, 100/m or 5/h, at most 100000, "
                            "found '" +
                            std::string(rate) + '\''));
  }
  EXPECT_THAT(LimitHeads("{}", "{sessions: 5, handshake_rate: off}"),
              ElementsAre("'sessions' counts those of all routes; set it in 'limits' under "
                          "'defaults', or set 'route_sessions' here",
                          "'handshake_rate' applies before a route is known; set it in 'limits' "
                          "under 'defaults'"));
}

}  // namespace
}  // namespace sluice::config
