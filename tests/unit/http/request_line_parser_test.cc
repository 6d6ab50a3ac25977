// RequestLineParser: each rule of RFC 9112 section 3 in a table, and what HeadRules allow besides.
// What GET and HEAD of HTTP/1.1 may look like is in request_parser_test.cc.
#include "http/request_line_parser.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using base::Cause;
using testing::HasSubstr;

constexpr size_t kMaxTarget = 10;
constexpr HeadRules kAll{.any_method = true, .http_1_0 = true};

struct RequestLineOutcome {
  size_t used = 0;
  bool done = false;
  bool is_http_1_0 = false;
  std::string method;
  std::string target;
  Refusal refusal{Cause::kBadRequest, ""};

  bool operator==(const RequestLineOutcome&) const = default;
};

RequestLineOutcome ParseRequestLineIn(std::string_view text, size_t piece, HeadRules rules) {
  RequestLineParser parser(kMaxTarget, rules);
  RequestLineOutcome outcome;
  while (!text.empty() && !parser.done()) {
    const auto fed = parser.Feed(base::AsBytes(text.substr(0, piece)));
    if (!fed) {
      outcome.used = 0;
      outcome.refusal = fed.error();
      return outcome;
    }
    outcome.used += *fed;
    text.remove_prefix(std::min(piece, text.size()));
  }
  outcome.done = parser.done();
  outcome.is_http_1_0 = parser.is_http_1_0();
  if (parser.has_method()) outcome.method = parser.method();
  outcome.target = parser.target();
  return outcome;
}

/// Returns the outcome, which is the same in pieces of every size.
RequestLineOutcome ParseRequestLine(std::string_view text, HeadRules rules = {}) {
  const RequestLineOutcome whole = ParseRequestLineIn(text, text.size(), rules);
  for (size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_EQ(ParseRequestLineIn(text, piece, rules), whole) << "in pieces of " << piece;
  }
  return whole;
}

TEST(RequestLineParser, ParsesUpToTheEndOfTheLine) {
  const RequestLineOutcome outcome = ParseRequestLine("GET /a?b HTTP/1.1\r\nHost");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.used, 19U);
  EXPECT_EQ(outcome.method, "GET");
  EXPECT_EQ(outcome.target, "/a?b");
  EXPECT_FALSE(outcome.is_http_1_0);
}

TEST(RequestLineParser, KnowsTheMethodAfterItsSpace) {
  EXPECT_EQ(ParseRequestLine("GET").method, "");
  EXPECT_EQ(ParseRequestLine("GET ").method, "GET");
  EXPECT_EQ(ParseRequestLine("HEAD /").method, "HEAD");
}

TEST(RequestLineParser, RulesAllowOtherMethods) {
  for (const std::string_view method : {"POST", "M-SEARCH", "A_1"}) {
    const std::string line = std::string(method) + " / HTTP/1.1\r\n";
    EXPECT_EQ(ParseRequestLine(line).refusal.cause, Cause::kMethodNotAllowed) << method;
    EXPECT_EQ(ParseRequestLine(line, {.any_method = true}).method, method);
  }
  EXPECT_EQ(ParseRequestLine("PRI * HTTP/2.0\r\n", kAll).refusal.cause, Cause::kHttpVersion);
}

TEST(RequestLineParser, RulesAllowHttp10) {
  const RequestLineOutcome outcome = ParseRequestLine("GET / HTTP/1.0\r\n", {.http_1_0 = true});
  EXPECT_TRUE(outcome.done);
  EXPECT_TRUE(outcome.is_http_1_0);
  EXPECT_FALSE(ParseRequestLine("GET / HTTP/1.1\r\n", kAll).is_http_1_0);
  for (const std::string_view version : {"HTTP/0.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0"}) {
    const std::string line = "GET / " + std::string(version) + "\r\n";
    EXPECT_EQ(ParseRequestLine(line, kAll).refusal.cause, Cause::kHttpVersion) << version;
  }
}

struct LineRefusalCase {
  std::string_view text;
  Cause cause;
  std::string_view detail;  // part of it
};

TEST(RequestLineParser, RefusesInvalidLinesUnderAnyRules) {
  constexpr LineRefusalCase kCases[] = {
      // RFC 9112 section 2.2: a line ends in CR LF, and only empty lines come before the request.
      {"\n", Cause::kBadRequest, "LF alone"},
      {"\r\n\n", Cause::kBadRequest, "LF alone"},
      {"\rG", Cause::kBadRequest, "CR is not followed by LF"},
      {" ", Cause::kBadRequest, "does not begin with an HTTP method"},
      {"GET / HTTP/1.1\n", Cause::kBadRequest, "LF alone"},
      {"GET / HTTP/1.0\n", Cause::kBadRequest, "LF alone"},
      {"GET / HTTP/1.1\r\r", Cause::kBadRequest, "CR is not followed by LF"},
      {"GET /\n", Cause::kBadRequest, "LF alone"},
      // RFC 9112 section 3: one space between the three parts.
      {"GET  ", Cause::kBadRequest, "target is empty"},
      {"GET\t", Cause::kBadRequest, "does not begin with an HTTP method"},
      {"GET /  ", Cause::kBadRequest, "does not end in HTTP/1.1"},
      {"GET / HTTP/1.1 ", Cause::kBadRequest, "does not end in HTTP/1.1"},
      {"GET /a\t", Cause::kBadRequest, "not visible ASCII"},
      {"GET \r/", Cause::kBadRequest, "not visible ASCII"},
      {"GET /\r ", Cause::kBadRequest, "not visible ASCII"},
      {"GET /\r\n", Cause::kHttpVersion, "no version"},
      // RFC 9112 section 3.2: no fragment; sections 2.3 and 3: the version is case-sensitive.
      {"GET /#", Cause::kBadRequest, "fragment"},
      {"GET / h", Cause::kBadRequest, "does not end in HTTP/1.1"},
      {"GET / HTTP/1.00", Cause::kBadRequest, "does not end in HTTP/1.1"},
      {"GET / HTTP/1.11", Cause::kBadRequest, "does not end in HTTP/1.1"},
      // The limit of the target.
      {"GET /1234567890", Cause::kUriTooLong, "longer than 10 bytes"},
  };
  for (const LineRefusalCase& c : kCases) {
    SCOPED_TRACE(c.text);
    const RequestLineOutcome outcome = ParseRequestLine(c.text, kAll);
    EXPECT_EQ(base::ReasonOf(outcome.refusal.cause), base::ReasonOf(c.cause));
    EXPECT_THAT(outcome.refusal.detail, HasSubstr(std::string(c.detail)));
    // The last byte is the one that is refused.
    EXPECT_EQ(ParseRequestLine(c.text.substr(0, c.text.size() - 1), kAll).refusal.detail, "");
  }
  EXPECT_TRUE(ParseRequestLine("GET /123456789 HTTP/1.1\r\n").done);
}

TEST(RequestLineParser, TargetsAreVisibleAscii) {
  for (int i = 0; i < 256; ++i) {
    const std::string line = "GET /" + std::string(1, static_cast<char>(i)) + " HTTP/1.1\r\n";
    EXPECT_EQ(ParseRequestLine(line).done, i > 0x20 && i < 0x7f && i != '#') << i;
  }
}

TEST(RequestLineParser, MethodsAreCapitalsDigitsAndHyphens) {
  for (int i = 0; i < 256; ++i) {
    const char byte = static_cast<char>(i);
    const bool is_capital = byte >= 'A' && byte <= 'Z';
    const bool is_allowed =
        is_capital || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
    const std::string_view end = " / HTTP/1.1\r\n";
    EXPECT_EQ(ParseRequestLine(std::string{byte, 'A'}.append(end), kAll).done, is_capital) << i;
    if (byte == ' ') continue;
    EXPECT_EQ(ParseRequestLine(std::string{'A', byte}.append(end), kAll).done, is_allowed) << i;
  }
}

}  // namespace
}  // namespace sluice::http
