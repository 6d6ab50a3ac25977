#include "sluice/routing/match.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

/// As the loader reads a path: `/a/**` is a prefix.
config::PathPattern Pattern(std::string_view text) {
  if (text.ends_with("/**")) return {true, std::string(text.substr(0, text.size() - 3))};
  return {false, std::string(text)};
}

http::RequestHead Head(std::string host, std::string path) {
  http::RequestHead head;
  head.host = std::move(host);
  head.path = std::move(path);
  return head;
}

bool MatchesRequest(const config::Match& match, const std::string& host, const std::string& path) {
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
config::PathPattern Capturing(std::vector<config::PathSegment> segments, std::string rest = "",
                              bool is_prefix = false) {
  return {is_prefix, "", std::move(segments), std::move(rest)};
}

TEST(MatchTest, MatchesAndCaptures) {
  const config::PathPattern server = Capturing({{false, "pg"}, {true, "server"}});
  const config::PathPattern below = Capturing({{false, "pg"}, {true, "server"}}, "", true);
  const config::PathPattern rest = Capturing({{true, "a"}}, "rest");
  const struct {
    const config::PathPattern& pattern;
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
    const config::Match match{"", row.pattern};
    ASSERT_EQ(MatchesRequest(match, "h", row.path), row.matches) << row.path;
    if (!row.matches) continue;
    EXPECT_EQ(CapturesOf(match, "h", row.path), row.captures) << row.path;
  }
}

TEST(MatchTest, CapturesALabelOfTheHost) {
  const config::Match match{"{Name}.example.com", Pattern("/**")};
  EXPECT_TRUE(MatchesRequest(match, "db1.example.com", "/"));
  EXPECT_EQ(CapturesOf(match, "db1.example.com", "/"), (Captures{{"Name", "db1"}}));
  for (const char* other :
       {"example.com", ".example.com", "a.b.example.com", "db1.example.org", ""}) {
    EXPECT_FALSE(MatchesRequest(match, other, "/")) << other;
  }
}

}  // namespace
}  // namespace sluice::routing
