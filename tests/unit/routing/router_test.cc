#include "sluice/routing/router.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "routing/path_pattern.h"
#include "seed.h"

namespace sluice::routing {
namespace {

using testing::Pattern;

std::optional<size_t> Find(const Router& router, std::string host, std::string path,
                           size_t start = 0) {
  http::RequestHead head;
  head.host = std::move(host);
  head.path = std::move(path);
  return router.Find(RequestFacts(head), start);
}

settings::Config WithRoutes(std::initializer_list<std::pair<const char*, const char*>> routes) {
  settings::Config config;
  for (const auto& [host, path] : routes) {
    settings::Route route;
    route.match = {host, Pattern(path)};
    config.routes.push_back(route);
  }
  return config;
}

TEST(RouterTest, TheFirstThatMatchesIsTaken) {
  const auto config = WithRoutes({{"a.example", "/x"}, {"*.example", "/**"}, {"", "/x"}});
  const Router router(config);
  EXPECT_EQ(Find(router, "a.example", "/x"), 0u);
  EXPECT_EQ(Find(router, "A.Example.:8443", "/x"), 0u);
  EXPECT_EQ(Find(router, "a.example", "/y"), 1u);
  EXPECT_EQ(Find(router, "b.example", "/x"), 1u) << "an earlier one shadows a better one";
  EXPECT_EQ(Find(router, "other", "/x"), 2u);
  EXPECT_EQ(Find(router, "other", "/y"), std::nullopt);
}

TEST(RouterTest, GoesOnBehindARoute) {
  const auto config = WithRoutes({{"", "/x"}, {"a.example", "/**"}, {"", "/x"}});
  const Router router(config);
  EXPECT_EQ(Find(router, "a.example", "/x", 1), 1u);
  EXPECT_EQ(Find(router, "a.example", "/x", 2), 2u);
  EXPECT_EQ(Find(router, "b.example", "/x", 1), 2u);
  EXPECT_EQ(Find(router, "a.example", "/x", 3), std::nullopt);
}

TEST(RouterTest, PathsOfAnyDepth) {
  std::string deep;
  for (int i = 0; i < 1'000; ++i) deep += "/a";
  auto config = WithRoutes({{"", (deep + "/b").c_str()}, {"", (deep + "/**").c_str()}});
  const Router router(config);
  EXPECT_EQ(Find(router, "h", deep + "/b"), 0u);
  EXPECT_EQ(Find(router, "h", deep + "/c"), 1u);
  EXPECT_EQ(Find(router, "h", deep + "c"), std::nullopt);
  EXPECT_EQ(Find(router, std::string(5'000, '.'), deep), 1u);
}

TEST(RouterTest, WithoutARequest) {
  auto config = WithRoutes({{"", "/**"}, {"a.example", "/**"}, {"", "/**"}});
  config.routes[1].match.any_path = config.routes[2].match.any_path = true;
  RequestFacts facts;
  EXPECT_EQ(Router(config).Find(facts), 2u);
}

/// The index is a filter before the match, so it must leave out nothing that matches.
class RouterPropertyTest : public test::Seeded {
 protected:
  template <typename T, size_t n>
  const T& OneOf(const T (&items)[n]) {
    return items[Between(0, n - 1)];
  }

  settings::Match RandomMatch() {
    constexpr const char* kHosts[] = {"",      "a.x.com", "b.x.com",   "x.com",     "*.x.com",
                                      "*.com", "{h}.com", "{h}.x.com", "*.a.x.com", "x"};
    settings::Match match;
    match.host = OneOf(kHosts);
    const bool has_captures = OneIn(2);
    for (auto pieces = Between(0, 3); pieces > 0; --pieces) {
      const bool is_capture = has_captures && OneIn(2);
      const std::string piece = OneIn(5) ? "" : OneIn(2) ? "a" : "b";
      match.path.segments.push_back({is_capture, is_capture ? "c" : piece});
      match.path.path += is_capture ? "/{c}" : "/" + piece;
    }
    if (!has_captures || match.path.segments.empty()) match.path.segments.clear();
    if (match.path.has_captures() && OneIn(3)) {
      match.path.rest = "rest";
    } else {
      match.path.is_prefix = OneIn(3);
    }
    match.any_path = match.path.ToString() == "/**" && OneIn(2);
    if (OneIn(8)) match.listeners = {Between(0, 2)};
    return match;
  }
};

TEST_F(RouterPropertyTest, FindsWhatTryingAllFinds) {
  constexpr const char* kHosts[] = {"a.x.com", "b.x.com", "x.com", "c.a.x.com",   "y.com", "x",
                                    "",        ".x.com",  ".",     "a.x.com.:80", "com"};
  for (int round = 0; round < 300; ++round) {
    settings::Config config;
    for (auto count = Between(0, 40); count > 0; --count) {
      config.routes.emplace_back().match = RandomMatch();
    }
    const Router router(config);
    for (int request = 0; request < 50; ++request) {
      http::RequestHead head;
      head.host = OneOf(kHosts);
      for (auto pieces = Between(0, 4); pieces > 0; --pieces) {
        head.path += OneIn(5) ? "/" : OneIn(2) ? "/a" : "/b";
      }
      if (head.path.empty()) head.path = "/";
      RequestFacts facts(head);
      if (OneIn(10)) facts = RequestFacts();
      facts.listener = Between(0, 2);
      const auto start = static_cast<ptrdiff_t>(OneIn(2) ? 0 : Between(0, config.routes.size()));
      const auto& routes = config.routes;
      const auto expected = std::find_if(
          routes.begin() + start, routes.end(),
          [&facts](const settings::Route& route) { return Matches(route.match, facts); });
      const auto found = router.Find(facts, static_cast<size_t>(start));
      ASSERT_EQ(found.value_or(routes.size()), static_cast<size_t>(expected - routes.begin()))
          << head.host << ' ' << head.path << " from " << start;
    }
  }
}

TEST(RouterTest, NoRoutesNoMatch) {
  const settings::Config config;
  EXPECT_EQ(Find(Router(config), "h", "/"), std::nullopt);
}

}  // namespace
}  // namespace sluice::routing
