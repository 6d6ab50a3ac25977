#include "config/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Source = settings::Template::Source;

TEST(ParseTemplate, CutsATextAtItsPlaces) {
  const auto one = ParseTemplate("{server}:5432");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->text, "{server}:5432");
  EXPECT_THAT(one->parts, ElementsAre(settings::Template::Part{Source::kCapture, "server"},
                                      settings::Template::Part{Source::kLiteral, ":5432"}));
  EXPECT_THAT(ParseTemplate("db-{claim.ten-ant}.{query.a}")->parts,
              ElementsAre(settings::Template::Part{Source::kLiteral, "db-"},
                          settings::Template::Part{Source::kClaim, "ten-ant"},
                          settings::Template::Part{Source::kLiteral, "."},
                          settings::Template::Part{Source::kQuery, "a"}));
  EXPECT_THAT(ParseTemplate("{a}{b}")->parts,
              ElementsAre(settings::Template::Part{Source::kCapture, "a"},
                          settings::Template::Part{Source::kCapture, "b"}));
}

TEST(ParseTemplate, HasNoZone) {
  EXPECT_EQ(ParseTemplate("[fe80::1%eth0]:{port}").error(),
            "'[fe80::1%eth0]:{port}' has a zone, which a server that a request names cannot "
            "have; expected an address without a %");
}

TEST(ParseTemplate, WantsAPlaceAndWholeBraces) {
  for (const char* text : {"", "db:5432", "{}", "{a", "a}", "{a}}", "{{a}}", "{a b}", "{a-b}",
                           "{query.}", "{query.a b}", "{.a}"}) {
    const auto parsed = ParseTemplate(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), HasSubstr("expected a server with a '{name}'")) << text;
  }
}

TEST(ParseAllowRule, TakesRangesNamesAndPorts) {
  const struct {
    const char* text;
    const char* range;
    const char* host;
    int first, last;
  } rows[] = {
      {"10.1.0.0/16", "10.1.0.0/16", "", 1, 65535},
      {"10.1.2.3:5432", "10.1.2.3", "", 5432, 5432},
      {"10.1.0.0/16:5900-5999", "10.1.0.0/16", "", 5900, 5999},
      {"fd00::/8", "fd00::/8", "", 1, 65535},
      {"[fd00::/8]:22", "fd00::/8", "", 22, 22},
      {"[::1]:22", "::1", "", 22, 22},
      {"::1", "::1", "", 1, 65535},
      {"DB.example.com.:5432", "", "db.example.com", 5432, 5432},
      {"*.example.com", "", "*.example.com", 1, 65535},
      {"*", "", "*", 1, 65535},
      {"*:443", "", "*", 443, 443},
  };
  for (const auto& row : rows) {
    const auto rule = ParseAllowRule(row.text);
    ASSERT_TRUE(rule) << row.text << ": " << rule.error();
    EXPECT_EQ(rule->range ? rule->range->ToString() : "", row.range) << row.text;
    EXPECT_EQ(rule->host, row.host) << row.text;
    EXPECT_EQ(rule->first_port, row.first) << row.text;
    EXPECT_EQ(rule->last_port, row.last) << row.text;
  }
}

TEST(ParseAllowRule, TakesNothingElse) {
  for (const char* text : {"", ":80", "db:", "db:0", "db:65536", "db:9-8", "db:1-", "a b", "a.*.b",
                           "*a.b", "**", "[10.0.0.1]:80", "[::1", "[::1]80", "http://a", "a:b"}) {
    EXPECT_FALSE(ParseAllowRule(text)) << text;
  }
  EXPECT_EQ(ParseAllowRule("10.1.0.0/8").error(),
            "'10.1.0.0/8' has bits behind its prefix; expected 10.0.0.0/8");
}

// The warnings about a backend with that server and that `allow`, without their places.
std::vector<std::string> AllowWarnings(const std::string& server, const std::string& allow) {
  const auto loaded = LoadString(
      "listeners: [8080]\nroutes: [{name: a, match: {path: '/{server}'}, backend: {server: '" +
          server + "', allow: " + allow + "}}]\n",
      "f", [](const std::string&) { return std::nullopt; });
  EXPECT_TRUE(loaded) << loaded.error().front().ToString();
  std::vector<std::string> warnings;
  if (!loaded) return warnings;
  for (const auto& warning : loaded->warnings) warnings.push_back(warning.message);
  return warnings;
}

TEST(AllowRules, ThatCanNeverMatchGiveAWarning) {
  constexpr char kClosed[] =
      " never matches: a name only opens public addresses, and this one is a name of this machine; "
      "add the range 127.0.0.1 or ::1, with the port";
  EXPECT_THAT(AllowWarnings("{server}", "['localhost:22']"),
              ElementsAre(std::string("'localhost:22'") + kClosed));
  EXPECT_THAT(AllowWarnings("{server}", "['a.localhost', '127.0.0.0/8:80', 'localhost:80']"),
              ElementsAre());
  EXPECT_THAT(AllowWarnings("{server}", "['localhost:22', '127.0.0.1:23', '10.0.0.0/8']"),
              ElementsAre(std::string("'localhost:22'") + kClosed));
  EXPECT_THAT(AllowWarnings("{server}", "['localhost:22', '::1']"), ElementsAre());
  EXPECT_THAT(AllowWarnings("{server}:5432", "['*.example.com:5900', '*.example.com:5000-6000']"),
              ElementsAre("'*.example.com:5900' never matches: the port is always 5432"));
}

}  // namespace
}  // namespace sluice::config
