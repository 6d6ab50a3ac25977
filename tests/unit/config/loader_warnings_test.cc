// Whole files that are accepted with warnings.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_text.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::Load;
using testing::Shown;

TEST(LoadString, WarnsOfRoutesThatAreNeverReached) {
  const auto [config, warnings, text] = Load(R"(
listeners: [8080]
routes:
  - {name: a, match: {host: "*.x.com", path: /a/**}, backend: a:1}
  - {name: b, match: {host: "*.y.x.com", path: /a/b}, backend: a:1}
  - {name: c, match: {host: x.com, path: /a}, backend: a:1}
  - {name: d, match: {path: /ab}, backend: a:1}
  - {name: e, match: {path: /**}, static: "builtin:console"}
  - {name: f, match: {host: z.com, path: /z}, backend: a:1}
)");
  EXPECT_EQ(config.routes.size(), 6U);
  EXPECT_THAT(Shown(warnings),
              ElementsAre("sluice.yaml:5:5: warning: route 'b' is never reached: route 'a' in line "
                          "4 comes first and "
                          "matches all that it matches\n"
                          "  - {name: b, match: {host: \"*.y.x.com\", path: /a/b}, backend: a:1}\n"
                          "    ^",
                          "sluice.yaml:9:5: warning: route 'f' is never reached: route 'e' in line "
                          "8 comes first and "
                          "matches all that it matches\n"
                          "  - {name: f, match: {host: z.com, path: /z}, backend: a:1}\n"
                          "    ^"));
}

TEST(LoadString, WarnsOfRoutesBehindCaptures) {
  const auto warnings = Load(R"(
listeners: [8080]
routes:
  - {name: a, match: {path: "/a/{x}"}, backend: a:1}
  - {name: b, match: {path: /a/b}, backend: a:1}
  - {name: c, match: {path: "/a/{x}/c"}, backend: a:1}
  - {name: d, match: {path: "/a/{y}"}, backend: a:1}
  - {name: e, match: {path: "/a/"}, backend: a:1}
  - {name: f, match: {path: "/f/{x}/{rest...}"}, backend: a:1}
  - {name: g, match: {path: "/f/{x}/**"}, backend: a:1}
  - {name: h, match: {path: "/f/1/2/3"}, backend: a:1}
  - {name: i, match: {host: "{name}.x.com", path: /i}, backend: a:1}
  - {name: j, match: {host: "y.x.com", path: /i}, backend: a:1}
  - {name: k, match: {host: "*.x.com", path: /i}, backend: a:1}
)")
                            .warnings;
  std::vector<std::string> hidden;
  for (const auto& warning : warnings) hidden.push_back(warning.message.substr(0, 9));
  EXPECT_THAT(hidden, ElementsAre("route 'b'", "route 'd'", "route 'h'", "route 'j'"));
}

TEST(LoadString, WarnsOfRangesThatNoNameCanReach) {
  const auto warnings = [](const std::string& backend) {
    const auto loaded = Load(
        "listeners: [8080]\nroutes:\n  - name: pg\n    match: {path: \"/{s}\"}\n"
        "    backend: " +
        backend + "\n");
    std::vector<std::string> heads;
    for (const auto& warning : loaded.warnings) heads.push_back(warning.message.substr(0, 27));
    return heads;
  };
  EXPECT_THAT(warnings("{server: \"{s}.internal:5432\", allow: [10.1.0.0/16]}"),
              ElementsAre("no request is allowed: it c"));
  for (const char* const good :
       {"{server: \"{s}.internal:5432\", allow: [10.1.0.0/16], resolve: any}",
        "{server: \"{s}.internal:5432\", allow: [10.1.0.0/16, \"*.internal\"]}",
        "{server: \"{s}:5432\", allow: [10.1.0.0/16]}",
        "{server: \"10.1.2.{s}:5432\", allow: [10.1.0.0/16]}"}) {
    EXPECT_THAT(warnings(good), ElementsAre()) << good;
  }
}

}  // namespace
}  // namespace sluice::config
