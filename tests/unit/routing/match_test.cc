#include "sluice/routing/match.h"

#include <string>

#include <gtest/gtest.h>

#include "routing/path_pattern.h"

namespace sluice::routing {
namespace {

using testing::Pattern;

http::RequestHead Head(std::string host, std::string path) {
  http::RequestHead head;
  head.host = std::move(host);
  head.path = std::move(path);
  return head;
}

bool MatchesRequest(const settings::Match& match, const std::string& host,
                    const std::string& path) {
  const http::RequestHead head = Head(host, path);
  return Matches(match, RequestFacts(head));
}

TEST(MatchTest, NormalizesHosts) {
  const struct {
    const char* host;
    const char* normalized;
  } rows[] = {
      {"example.com", "example.com"},
      {"EXAMPLE.Com", "example.com"},
      {"example.com:8080", "example.com"},
      {"example.com.", "example.com"},
      {"example.com.:443", "example.com"},
      {"10.0.0.1:80", "10.0.0.1"},
      {"[::1]", "[::1]"},
      {"[::1]:8080", "[::1]"},
      {"[2001:DB8::A]:443", "[2001:db8::a]"},
      {"", ""},
      {":80", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(NormalizeHost(row.host), row.normalized) << row.host;
}

TEST(MatchTest, MatchesHosts) {
  const struct {
    const char* pattern;
    const char* host;
    bool matches;
  } rows[] = {
      {"", "anything", true},
      {"", "", true},
      {"example.com", "example.com", true},
      {"example.com", "www.example.com", false},
      {"example.com", "example.org", false},
      {"example.com", "", false},
      {"*.example.com", "www.example.com", true},
      {"*.example.com", "a.b.example.com", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", ".example.com", false},
      {"*.example.com", "wwwexample.com", false},
      {"*.example.com", "www.example.com.evil.org", false},
      {"[::1]", "[::1]", true},
      {"[::1]", "[::2]", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(MatchesRequest({row.pattern, Pattern("/**")}, row.host, "/x"), row.matches)
        << row.pattern << " and " << row.host;
  }
}

TEST(MatchTest, MatchesPaths) {
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } rows[] = {
      {"/vnc", "/vnc", true},
      {"/vnc", "/vnc/", false},
      {"/vnc", "/VNC", false},
      {"/vnc", "/vn", false},
      {"/", "/", true},
      {"/", "/x", false},
      {"/a/**", "/a", true},
      {"/a/**", "/a/", true},
      {"/a/**", "/a/b", true},
      {"/a/**", "/a/b/c", true},
      {"/a/**", "/ab", false},
      {"/a/**", "/", false},
      {"/a/**", "/b/a", false},
      {"/a/b/**", "/a/b/c", true},
      {"/a/b/**", "/a", false},
      {"/**", "/", true},
      {"/**", "/anything/at/all", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(MatchesRequest({"", Pattern(row.pattern)}, "h", row.path), row.matches)
        << row.pattern << " and " << row.path;
  }
}

/// `/pg/{server}/{rest...}` as the loader reads it.
settings::PathPattern Capturing(std::vector<settings::PathSegment> segments, std::string rest = "",
                                bool is_prefix = false) {
  return {is_prefix, "", std::move(segments), std::move(rest)};
}

TEST(MatchTest, MatchesAndCaptures) {
  const settings::PathPattern server = Capturing({{false, "pg"}, {true, "server"}});
  const settings::PathPattern below = Capturing({{false, "pg"}, {true, "server"}}, "", true);
  const settings::PathPattern rest = Capturing({{true, "a"}}, "rest");
  const struct {
    const settings::PathPattern& pattern;
    const char* path;
    bool matches;
    Captures captures;
  } rows[] = {
      {server, "/pg/db1", true, {{"server", "db1"}}},
      {server, "/pg/a b%2Fc", true, {{"server", "a b%2Fc"}}},
      {server, "/pg/", false, {}},
      {server, "/pg", false, {}},
      {server, "/pg/db1/", false, {}},
      {server, "/pg/db1/x", false, {}},
      {server, "/xx/db1", false, {}},
      {below, "/pg/db1", true, {{"server", "db1"}}},
      {below, "/pg/db1/x/y", true, {{"server", "db1"}}},
      {below, "/pg//x", false, {}},
      {rest, "/x/y/z", true, {{"a", "x"}, {"rest", "y/z"}}},
      {rest, "/x/", false, {}},
      {rest, "/x", false, {}},
      {rest, "/x//", true, {{"a", "x"}, {"rest", "/"}}},
  };
  for (const auto& row : rows) {
    const settings::Match match{"", row.pattern};
    ASSERT_EQ(MatchesRequest(match, "h", row.path), row.matches) << row.path;
    if (!row.matches) continue;
    EXPECT_EQ(CapturesOf(match, "h", row.path), row.captures) << row.path;
  }
}

TEST(MatchTest, CapturesALabelOfTheHost) {
  const settings::Match match{"{Name}.example.com", Pattern("/**")};
  EXPECT_TRUE(MatchesRequest(match, "db1.example.com", "/"));
  EXPECT_EQ(CapturesOf(match, "db1.example.com", "/"), (Captures{{"Name", "db1"}}));
  for (const char* other :
       {"example.com", ".example.com", "a.b.example.com", "db1.example.org", ""}) {
    EXPECT_FALSE(MatchesRequest(match, other, "/")) << other;
  }
}

// ---- The other conditions ----

/// A request with every fact that a condition can be about.
class ConditionTest : public ::testing::Test {
 protected:
  ConditionTest() {
    head_ = Head("www.example.com", "/app");
    head_.query = "v=2&v=3&name=a+b&flag&empty=";
    head_.headers = {{"Host", "www.example.com"},
                     {"Upgrade", "websocket"},
                     {"Sec-WebSocket-Protocol", "mqtt, v1.chat"},
                     {"Sec-WebSocket-Protocol", "binary"},
                     {"X-Channel", "stable"},
                     {"x-channel", "beta"}};
    facts_ = RequestFacts(head_);
    facts_.client = base::IpAddress::Parse("10.1.2.3");
    facts_.listener = 1;
    facts_.sni = "tls.example.com";
    facts_.certificate = {"dns:laptop.staff.example.com", "email:alice@example.com",
                          "uri:spiffe://example.com/Alice"};
    match_.any_path = true;
    match_.path.is_prefix = true;
  }

  std::optional<Mismatch> Find() const { return FindMismatch(match_, facts_); }

  http::RequestHead head_;
  RequestFacts facts_;
  settings::Match match_;
};

const std::optional<Mismatch> kNone;

std::optional<Mismatch> Fails(Condition condition, std::string_view name = {}) {
  return Mismatch{condition, name};
}

TEST_F(ConditionTest, WhatIsLeftOutMayBeAnything) {
  EXPECT_EQ(Find(), kNone);
}

TEST_F(ConditionTest, Query) {
  const struct {
    settings::NamedValues wanted;
    bool holds;
  } rows[] = {
      {{"v", {"2"}}, true},       {{"v", {"3"}}, true},   {{"v", {"4"}}, false},
      {{"v", {"4", "2"}}, true},  {{"v", {}}, true},      {{"name", {"a b"}}, true},
      {{"name", {"a+b"}}, false}, {{"flag", {}}, true},   {{"flag", {""}}, true},
      {{"empty", {""}}, true},    {{"other", {}}, false}, {{"other", {""}}, false},
      {{"V", {}}, false},         {{"v", {""}}, false},
  };
  for (const auto& row : rows) {
    match_.query = {row.wanted};
    EXPECT_EQ(Find(), row.holds ? kNone : Fails(Condition::kQuery, match_.query[0].name))
        << row.wanted.name;
  }
  match_.query = {{"v", {"2"}}, {"other", {}}};
  EXPECT_EQ(Find(), Fails(Condition::kQuery, match_.query[1].name)) << "all must hold";
}

TEST_F(ConditionTest, Headers) {
  const struct {
    settings::NamedValues wanted;
    bool holds;
  } rows[] = {
      {{"X-Channel", {"beta"}}, true},
      {{"x-CHANNEL", {"stable"}}, true},
      {{"X-Channel", {"Beta"}}, false},
      {{"X-Channel", {"stable, beta"}}, false},
      {{"X-Channel", {}}, true},
      {{"X-Other", {}}, false},
      {{"X-Channel", {"x", "beta"}}, true},
  };
  for (const auto& row : rows) {
    match_.headers = {row.wanted};
    EXPECT_EQ(Find(), row.holds ? kNone : Fails(Condition::kHeader, match_.headers[0].name))
        << row.wanted.name;
  }
}

TEST_F(ConditionTest, Subprotocols) {
  for (const char* offered : {"mqtt", "v1.chat", "binary"}) {
    match_.subprotocols = {offered};
    EXPECT_EQ(Find(), kNone) << offered;
  }
  for (const char* other : {"MQTT", "chat", "mqtt, v1.chat"}) {
    match_.subprotocols = {other};
    EXPECT_EQ(Find(), Fails(Condition::kSubprotocol)) << other;
  }
  match_.subprotocols = {"other", "mqtt"};
  EXPECT_EQ(Find(), kNone);
}

TEST_F(ConditionTest, Upgrade) {
  match_.upgrade = true;
  EXPECT_EQ(Find(), kNone);
  match_.upgrade = false;
  EXPECT_EQ(Find(), Fails(Condition::kUpgrade));
  head_.headers.clear();
  EXPECT_EQ(Find(), kNone);
}

TEST_F(ConditionTest, Connection) {
  match_.client.emplace();
  match_.client->ranges = {*base::IpRange::Parse("10.0.0.0/8")};
  match_.listeners = {3, 1};
  match_.sni = {"*.example.com"};
  match_.certificate = {"cn:bob", "dns:*.staff.example.com"};
  EXPECT_EQ(Find(), kNone);
  match_.certificate = {"uri:spiffe://example.com/Alice"};
  EXPECT_EQ(Find(), kNone);
  for (const char* const other : {"cn:laptop.staff.example.com", "email:laptop.staff.example.com",
                                  "dns:alice@example.com", "uri:spiffe://example.com/alice"}) {
    match_.certificate = {other};
    EXPECT_EQ(Find(), Fails(Condition::kCertificate)) << other;
  }
  match_.certificate = {"dns:*.example.com"};
  EXPECT_EQ(Find(), Fails(Condition::kCertificate)) << "one label and no more";
  match_.sni = {"other.example.com"};
  EXPECT_EQ(Find(), Fails(Condition::kSni));
  match_.client->ranges = {*base::IpRange::Parse("192.0.2.1")};
  EXPECT_EQ(Find(), Fails(Condition::kClient));
  match_.listeners = {0};
  EXPECT_EQ(Find(), Fails(Condition::kListener));
}

TEST_F(ConditionTest, NothingIsNobody) {
  match_.client.emplace();
  match_.client->unix_sockets = true;
  EXPECT_EQ(Find(), Fails(Condition::kClient));
  facts_.client.reset();
  EXPECT_EQ(Find(), kNone);
  facts_.sni.clear();
  facts_.certificate.clear();
  match_.certificate = {"cn:alice"};
  EXPECT_EQ(Find(), Fails(Condition::kCertificate));
  match_.sni = {"*.example.com"};
  EXPECT_EQ(Find(), Fails(Condition::kSni));
}

TEST_F(ConditionTest, AConnectionWithoutARequestMeetsNoConditionOfOne) {
  facts_.head = nullptr;
  match_.listeners = {1};
  match_.sni = {"tls.example.com"};
  EXPECT_EQ(Find(), kNone);
  const auto with = [this](auto change) {
    settings::Match match = match_;
    change(match);
    return FindMismatch(match, facts_).value_or(*Fails(Condition::kListener)).condition;
  };
  EXPECT_EQ(with([](auto& m) { m.any_path = false; }), Condition::kPath) << "not even /**";
  EXPECT_EQ(with([](auto& m) { m.host = "*.example.com"; }), Condition::kHost);
  EXPECT_EQ(with([](auto& m) { m.upgrade = false; }), Condition::kUpgrade);
  EXPECT_EQ(with([](auto& m) { m.subprotocols = {"mqtt"}; }), Condition::kSubprotocol);
  EXPECT_EQ(with([](auto& m) { m.headers = {{"a", {}}}; }), Condition::kHeader);
  EXPECT_EQ(with([](auto& m) { m.query = {{"a", {}}}; }), Condition::kQuery);
  EXPECT_EQ(with([](auto& m) { m.claims = {{"a", {}}}; }), Condition::kClaim);
}

TEST_F(ConditionTest, Claims) {
  const auto claims = [](std::string_view name) -> std::vector<std::string> {
    if (name == "tenant") return {"acme"};
    if (name == "roles") return {"reader", "admin"};
    return {};
  };
  EXPECT_EQ(FindMissingClaim(match_, claims), kNone);
  match_.claims = {{"tenant", {"acme", "other"}}, {"roles", {"admin"}}};
  EXPECT_EQ(FindMissingClaim(match_, claims), kNone);
  EXPECT_EQ(Find(), kNone) << "they are asked for later";
  match_.claims = {{"tenant", {}}, {"roles", {"writer"}}};
  EXPECT_EQ(FindMissingClaim(match_, claims), Fails(Condition::kClaim, match_.claims[1].name));
  match_.claims = {{"user", {}}};
  EXPECT_EQ(FindMissingClaim(match_, claims), Fails(Condition::kClaim, match_.claims[0].name));
}

}  // namespace
}  // namespace sluice::routing
