#include "sluice/routing/router.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

config::PathPattern Pattern(std::string_view text) {
  if (text.ends_with("/**")) return {true, std::string(text.substr(0, text.size() - 3))};
  return {false, std::string(text)};
}

std::optional<size_t> Find(const Router& router, std::string host, std::string path,
                           size_t start = 0) {
  http::RequestHead head;
  head.host = std::move(host);
  head.path = std::move(path);
  return router.Find(RequestFacts(head), start);
}

config::Config WithRoutes(std::initializer_list<std::pair<const char*, const char*>> routes) {
  config::Config config;
  for (const auto& [host, path] : routes) {
    config::Route route;
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

TEST(RouterTest, NoRoutesNoMatch) {
  const config::Config config;
  EXPECT_EQ(Find(Router(config), "h", "/"), std::nullopt);
}

}  // namespace
}  // namespace sluice::routing
