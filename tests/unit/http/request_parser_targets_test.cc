// RequestParser: request targets, and the hosts that they name.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/http/request_parser.h"

#include "http/request_parsing.h"

namespace sluice::http {
namespace {

using base::Cause;
using ::testing::HasSubstr;
using testing::Head;
using testing::Outcome;
using testing::ParseEveryWay;

struct TargetCase {
  std::string_view target;
  std::string_view path;
  std::string_view query;
  std::string_view host;
};

TEST(RequestParser, ReadsTargets) {
  constexpr TargetCase kCases[] = {
      {"/", "/", "", "example.com"},
      {"/?", "/", "", "example.com"},
      {"/a/b?c?d/e", "/a/b", "c?d/e", "example.com"},
      {"//other.example/x", "//other.example/x", "", "example.com"},
      {"/%41%c3%a4%20%7e", "/A\xc3\xa4 ~", "", "example.com"},
      {"/a%2Fb%2fc", "/a%2Fb%2fc", "", "example.com"},
      {"/%25%23%3f?%00%zz", "/%#?", "%00%zz", "example.com"},
      {"/a/../b/./c", "/a/../b/./c", "", "example.com"},
      {"/a|b{c}^d`\"<>\\[]", "/a|b{c}^d`\"<>\\[]", "", "example.com"},
      {"http://other.example/x?y", "/x", "y", "other.example"},
      {"HTTPS://other.example:8443/x", "/x", "", "other.example:8443"},
      {"ws://other.example", "/", "", "other.example"},
      {"wss://other.example?q", "/", "q", "other.example"},
      {"ws://[::1]:8080/x", "/x", "", "[::1]:8080"},
      {"ws://other.example:/x", "/x", "", "other.example"},
  };
  for (const TargetCase& c : kCases) {
    const Outcome outcome = ParseEveryWay(Head(c.target));
    ASSERT_TRUE(outcome.done) << c.target << ": " << outcome.refusal.detail;
    EXPECT_EQ(outcome.head.target, c.target);
    EXPECT_EQ(outcome.head.path, c.path);
    EXPECT_EQ(outcome.head.query, c.query);
    EXPECT_EQ(outcome.head.host, c.host);
  }
}

TEST(RequestParser, RefusesTargets) {
  constexpr std::string_view kTargets[] = {"*",
                                           "example.com:443",
                                           "a/b",
                                           "?q",
                                           "ftp://example.com/",
                                           "://example.com/",
                                           "http:/x",
                                           "http://",
                                           "http:///x",
                                           "http://user@example.com/",
                                           "http://user:pw@example.com/",
                                           "http://a:b:c/",
                                           "http://a:99999/",
                                           "http://[::1/",
                                           "/a#b",
                                           "#",
                                           "/%",
                                           "/%4",
                                           "/%4g",
                                           "/%g4",
                                           "/a%",
                                           "/%00",
                                           "/%1F",
                                           "/%0a",
                                           "/%7f",
                                           "/\xc3\xa4",
                                           "/\x7f",
                                           "/a\tb",
                                           "/a\fb",
                                           "/a\x01",
                                           "/a b",
                                           "http://ex%41mple.com/"};
  for (const std::string_view target : kTargets) {
    const Outcome outcome = ParseEveryWay(Head(target));
    EXPECT_FALSE(outcome.done) << target;
    EXPECT_EQ(outcome.refusal.cause, Cause::kBadRequest) << target;
    EXPECT_NE(outcome.refusal.detail, "") << target;
  }
}

TEST(RequestParser, ReadsHosts) {
  constexpr std::string_view kHosts[] = {"a",     "A.Example.",          "10.0.0.1:80",
                                         "[::1]", "[2001:db8::1]:65535", "my_host:0"};
  for (const std::string_view host : kHosts) {
    const auto outcome = ParseEveryWay("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_TRUE(outcome.done) << host << outcome.refusal.detail;
    EXPECT_EQ(outcome.head.host, host);
  }
}

TEST(RequestParser, RefusesHosts) {
  constexpr std::string_view kHosts[] = {
      "",        "a b",     "a,b c", "user@a",   "a/b",  "a?b",   "a#b",     ":80",   "a:65536",
      "a:x",     "a:-1",    "a:+1",  "a:80:1",   "::1",  "[::1",  "[]",      "[::g]", "[::1]x",
      "[::1]80", "[1.2.3]", "a%41",  "\xc3\xa4", "a\\b", "\"a\"", "http://a"};
  for (const std::string_view host : kHosts) {
    const auto outcome = ParseEveryWay("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_FALSE(outcome.done) << host;
    EXPECT_EQ(outcome.refusal.cause, Cause::kBadRequest) << host;
    EXPECT_THAT(outcome.refusal.detail, HasSubstr("Host")) << host;
  }
}

}  // namespace
}  // namespace sluice::http
