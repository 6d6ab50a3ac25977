// The section `match`: what is read, what is an error, and what two matches have to do with each
// other.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kListeners =
    "listeners: [\"8080\", {address: 127.0.0.1:0, name: intern}, 127.0.0.1:0, 127.0.0.1:0,\n"
    "  unix:/run/x.sock]\n";
constexpr const char* kAuth = "auth: {jwt: {algorithms: [RS256], key_file: k}}";

/// One route with this `match`, and the rest of it.
LoadResult LoadMatch(const std::string& match, const std::string& rest = "backend: a:1") {
  return LoadString(kListeners + ("routes:\n  - {name: r, match: " + match + ", " + rest + "}\n"),
                    "f");
}

settings::Match Read(const std::string& match, const std::string& rest = "backend: a:1") {
  const auto loaded = LoadMatch(match, rest);
  EXPECT_TRUE(loaded) << loaded.error().front().ToString();
  return loaded ? loaded->config.routes[0].match : settings::Match();
}

std::string Fault(const std::string& match, const std::string& rest = "backend: a:1") {
  const auto loaded = LoadMatch(match, rest);
  if (loaded) return "none";
  return loaded.error().front().message;
}

TEST(ReadMatch, EveryCondition) {
  const settings::Match match = Read(
      "{host: a.com, upgrade: websocket, query: {v: [1, 2], x: '*'}, headers: {X-A: b},\n"
      "   subprotocol: [mqtt, binary], client: [10.0.0.0/8, unix], listener: intern,\n"
      "   sni: '*.A.com', certificate: cn:alice, claims: {role: [admin], tenant: '*'}}",
      "backend: a:1, " + std::string(kAuth));
  EXPECT_EQ(match.host, "a.com");
  EXPECT_TRUE(match.any_path);
  EXPECT_EQ(match.path.ToString(), "/**");
  EXPECT_EQ(match.upgrade, true);
  EXPECT_THAT(match.query,
              ElementsAre(settings::NamedValues{"v", {"1", "2"}}, settings::NamedValues{"x", {}}));
  EXPECT_THAT(match.headers, ElementsAre(settings::NamedValues{"X-A", {"b"}}));
  EXPECT_THAT(match.subprotocols, ElementsAre("mqtt", "binary"));
  ASSERT_TRUE(match.client);
  EXPECT_EQ(match.client->ranges.size(), 1u);
  EXPECT_TRUE(match.client->unix_sockets);
  EXPECT_THAT(match.listeners, ElementsAre(1));
  EXPECT_THAT(match.sni, ElementsAre("*.a.com"));
  EXPECT_THAT(match.certificate, ElementsAre("cn:alice"));
  EXPECT_THAT(match.claims, ElementsAre(settings::NamedValues{"role", {"admin"}},
                                        settings::NamedValues{"tenant", {}}));
}

TEST(ReadMatch, APathIsNoLongerAny) {
  EXPECT_FALSE(Read("{path: /**}").any_path);
  EXPECT_TRUE(Read("{host: a.com}").any_path);
}

TEST(ReadMatch, ListenersByTheirNamesOrAddresses) {
  const auto loaded = LoadMatch("{path: /}");
  ASSERT_TRUE(loaded);
  std::vector<std::string> names;
  for (const auto& listener : loaded->config.listeners) names.push_back(listener.name);
  EXPECT_THAT(names,
              ElementsAre("[::]:8080", "intern", "127.0.0.1:0", "127.0.0.1:0", "unix:/run/x.sock"));
  EXPECT_THAT(Read("{listener: 8080}").listeners, ElementsAre(0));
  EXPECT_THAT(Read("{listener: \"[::0]:8080\"}").listeners, ElementsAre(0));
  EXPECT_THAT(Read("{listener: \"127.0.0.1:0\"}").listeners, ElementsAre(2, 3));
  EXPECT_THAT(Read("{listener: [intern, \"unix:/run/x.sock\"]}").listeners, ElementsAre(1, 4));
  EXPECT_EQ(Fault("{listener: intenr}"),
            "listener: unknown listener 'intenr'; did you mean 'intern'?");
}

TEST(ReadMatch, SaysWhatIsWrong) {
  const struct {
    const char* match;
    const char* message;
  } rows[] = {
      {"{}", "match: expected one condition or more, such as 'path'"},
      {"{pth: /a}", "unknown key 'pth'; did you mean 'path'?"},
      {"{query: {}}", "query: expected one name or more, each with a value"},
      {"{query: v}", "query: expected a mapping"},
      {"{query: {v: []}}", "v: expected a list of one or more values, found an empty list"},
      {"{query: {v: [a, '*']}}",
       "v: '*' matches any value, so that the others have no effect; take them out, or the '*'"},
      {"{query: {v: \"\\x01\"}}", "v: expected a text without control characters"},
      {"{headers: {'a b': x}}", "headers: expected the name of a header field, found 'a b'"},
      {"{subprotocol: 'a b'}", "subprotocol: expected a subprotocol's name"},
      {"{client: 10.0.0.1/8}", "client: '10.0.0.1/8' has bits behind its prefix"},
      {"{upgrade: true}", "upgrade: expected 'websocket' or 'none', found 'true'"},
      {"{upgrade: none}", "match: a backend is for requests with 'upgrade: websocket'"},
      {"{sni: '{a}.x.com'}", "sni: expected a host name such as www.example.com or *.example.com"},
      {"{certificate: 'dns:*'}",
       "certificate: expected a host name after dns:, or *. and a host name, found 'dns:*'"},
      {"{certificate: a.example.com}",
       "certificate: expected a name with its type, such as dns:host.example.com, "
       "dns:*.example.com, uri:spiffe://example.org/billing, email:anna@example.org or cn:anna, "
       "found 'a.example.com'"},
      {"{certificate: 'cn:*.a.com'}",
       "certificate: expected an exact name: a star stands for the first label of a dns: name "
       "alone, found 'cn:*.a.com'"},
      {"{certificate: 'uri:'}",
       "certificate: expected a name after its type, without control characters, found 'uri:'"},
      {"{claims: {a: b}}", "match: 'claims' are those of a token that the route has verified"},
  };
  for (const auto& row : rows) EXPECT_THAT(Fault(row.match), HasSubstr(row.message)) << row.match;
}

TEST(ReadMatch, ClaimsNeedAJwtAndNothingElse) {
  const std::string backend = "backend: a:1, ";
  EXPECT_EQ(Fault("{claims: {a: b}}", backend + kAuth), "none");
  for (const char* auth :
       {"auth: none", "auth: {basic: {users_file: u}}",
        "auth: {jwt: {algorithms: [RS256], key_file: k}, basic: {users_file: u}}"}) {
    EXPECT_THAT(Fault("{claims: {a: b}}", backend + auth), HasSubstr("must be 'jwt'")) << auth;
  }
  EXPECT_THAT(Fault("{claims: {a: b}}", "static: builtin:console"), HasSubstr("must be 'jwt'"));
}

TEST(ReadMatch, NamesOfListenersAreUnique) {
  const auto loaded = LoadString(
      "listeners: [{address: \"1\", name: a}, {address: \"2\", name: a}]\n"
      "routes: [{name: r, match: {listener: a}, backend: a:1}]\n",
      "f");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().front().message, "name: 'a' is already the name of a listener");
}

// ---- Two routes ----

/// What is said of a second route, by its match and the first one's.
std::string Relation(const std::string& first, const std::string& second,
                     const std::string& rest = "backend: a:1") {
  const auto loaded =
      LoadString(kListeners + ("routes:\n  - {name: a, match: " + first + ", " + rest +
                               "}\n  - {name: b, match: " + second + ", " + rest + "}\n"),
                 "f");
  EXPECT_TRUE(loaded) << loaded.error().front().ToString();
  std::string relation;
  if (!loaded) return "fault";
  for (const auto& warning : loaded->warnings) {
    if (warning.message.find("never reached") != std::string::npos) relation += "hidden";
    if (warning.message.find("ambiguous") != std::string::npos) relation += "ambiguous";
  }
  return relation;
}

TEST(Covers, KnowsEveryCondition) {
  const struct {
    const char* first;
    const char* second;
    const char* relation;
  } rows[] = {
      {"{path: /**}", "{path: /a, query: {v: 1}}", "hidden"},
      {"{path: /a, query: {v: 1}}", "{path: /a}", ""},
      {"{query: {v: [1, 2]}}", "{query: {v: 1}}", "hidden"},
      {"{query: {v: 1}}", "{query: {v: [1, 2]}}", ""},
      {"{query: {v: '*'}}", "{query: {v: 1, w: 2}}", "hidden"},
      {"{query: {v: 1}}", "{query: {v: '*'}}", ""},
      {"{query: {v: 1}}", "{query: {V: 1}}", ""},
      {"{headers: {X-A: 1}}", "{headers: {x-a: 1}, path: /a}", "hidden"},
      {"{headers: {X-A: 1}}", "{headers: {x-b: 1}}", ""},
      {"{upgrade: websocket}", "{upgrade: websocket, path: /a}", "hidden"},
      {"{upgrade: websocket, path: /a}", "{path: /a}", ""},
      {"{subprotocol: [a, b]}", "{subprotocol: b}", "hidden"},
      {"{subprotocol: a}", "{subprotocol: [a, b]}", ""},
      {"{client: [10.0.0.0/8, unix]}", "{client: [10.1.0.0/16, 10.2.0.0/16]}", "hidden"},
      {"{client: 10.0.0.0/8}", "{client: [10.1.0.0/16, unix]}", ""},
      {"{client: unix}", "{client: 10.1.0.0/16}", ""},
      {"{client: 10.0.0.0/8}", "{path: /a}", ""},
      {"{listener: [intern, 8080]}", "{listener: intern}", "hidden"},
      {"{listener: intern}", "{listener: 8080}", ""},
      {"{sni: '*.a.com'}", "{sni: x.a.com}", "hidden"},
      {"{sni: x.a.com}", "{sni: '*.a.com'}", ""},
      {"{certificate: 'dns:*.a.com'}", "{certificate: [dns:x.a.com, dns:Y.A.com]}", "hidden"},
      {"{certificate: 'dns:*.a.com'}", "{certificate: dns:x.y.a.com}", ""},
      {"{certificate: 'dns:*.a.com'}", "{certificate: cn:x.a.com}", ""},
      {"{certificate: uri:a}", "{certificate: uri:A}", ""},
      {"{path: /**}", "{listener: intern}", ""},
      {"{listener: intern}", "{listener: intern, path: /a}", "hidden"},
      {"{path: '/a/{x}'}", "{path: '/{y}/b'}", "ambiguous"},
      {"{path: '/a/**'}", "{path: '/{y}/b'}", "ambiguous"},
      {"{path: '/a/{x}'}", "{path: '/{y}/b', host: a.com}", "ambiguous"},
      {"{path: '/a/{x}', host: b.com}", "{path: '/{y}/b', host: a.com}", ""},
      {"{path: '/a/{x}'}", "{path: '/{y}/b', client: 10.0.0.0/8}", ""},
      {"{path: '/a/{x}'}", "{path: '/{y}/b/c'}", ""},
      {"{path: '/a/{x}'}", "{path: '/b/{y}'}", ""},
      {"{path: '/a/{x...}'}", "{path: '/{y}/b/{z}'}", "ambiguous"},
      {"{path: '/a/b'}", "{path: '/a/{y}'}", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Relation(row.first, row.second), row.relation) << row.first << ' ' << row.second;
  }
}

TEST(Covers, WhatARouteWithClaimsDoesNotTakeIsLeftToOthers) {
  const std::string rest = "backend: a:1, " + std::string(kAuth);
  EXPECT_EQ(Relation("{claims: {a: [b, c]}}", "{path: /x, claims: {a: b}}", rest), "hidden");
  EXPECT_EQ(Relation("{claims: {a: b}}", "{path: /x}", rest), "");
  const auto loaded = LoadString(
      kListeners + ("routes:\n  - {name: a, match: {claims: {a: b}}, " + rest +
                    "}\n  - {name: b, match: {claims: {a: b}}, origins: ['*'], " + rest + "}\n"),
      "f");
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, IsEmpty()) << "its origins may not be those of the first";
}

TEST(CheckMatch, WarnsOfWhatIsNeverMet) {
  const auto warning = [](const std::string& match) {
    const auto loaded = LoadMatch(match);
    return loaded && loaded->warnings.size() == 1 ? loaded->warnings[0].message : "none";
  };
  EXPECT_EQ(warning("{sni: a.com}"),
            "this match is never met: none of its listeners has 'tls', so that there is no 'sni'");
  EXPECT_EQ(
      warning("{certificate: dns:a.com}"),
      "this match is never met: none of its listeners asks clients for a certificate (client_ca)");
}

}  // namespace
}  // namespace sluice::config
