// RequestParser: good heads in every cut, each kind of malformed head, the limits at their edges.
#include "sluice/http/request_parser.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/request_parsing.h"

namespace sluice::http {
namespace {

using base::Cause;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Head;
using testing::kLimits;
using testing::Outcome;
using testing::Parse;
using testing::ParseEveryWay;
using testing::ParseIn;

constexpr std::string_view kUpgrade =
    "GET /vnc?token=a%20b HTTP/1.1\r\n"
    "host: lab.example.com:8080\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "upgrade: WebSocket\r\n"
    "Sec-WebSocket-Key:dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: \t 13 \t\r\n"
    "X-Empty:\r\n"
    "X-Spaces:   \r\n"
    "X-Bytes: \xc3\xa4\tb\r\n"
    "\r\n";

TEST(RequestParser, ReadsAnUpgradeInEveryCut) {
  const Outcome outcome = ParseEveryWay(kUpgrade);
  ASSERT_TRUE(outcome.done) << outcome.refusal.detail;
  EXPECT_EQ(outcome.consumed, kUpgrade.size());
  const RequestHead& head = outcome.head;
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/vnc?token=a%20b");
  EXPECT_EQ(head.path, "/vnc");
  EXPECT_EQ(head.query, "token=a%20b");
  EXPECT_EQ(head.host, "lab.example.com:8080");
  EXPECT_TRUE(head.WantsUpgrade());
  EXPECT_THAT(
      head.headers,
      ElementsAre(Header{"host", "lab.example.com:8080"},
                  Header{"Connection", "keep-alive, Upgrade"}, Header{"upgrade", "WebSocket"},
                  Header{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                  Header{"Sec-WebSocket-Version", "13"}, Header{"X-Empty", ""},
                  Header{"X-Spaces", ""}, Header{"X-Bytes", "\xc3\xa4\tb"}));
}

TEST(RequestParser, LeavesWhatFollowsTheHead) {
  const std::string text = std::string(kUpgrade) + "\x82\x85" + "GET / HTTP/1.1\r\n\r\n";
  const Outcome outcome = ParseEveryWay(text);
  EXPECT_TRUE(outcome.done) << outcome.refusal.detail;
  EXPECT_EQ(outcome.consumed, kUpgrade.size());

  RequestParser parser(kLimits);
  ASSERT_TRUE(parser.Feed(base::AsBytes(text)));
  EXPECT_EQ(*parser.Feed(base::AsBytes("more")), 0U);
}

TEST(RequestParser, AnnouncedBodyOfAPlainRequestIsNotRead) {
  for (const std::string_view field :
       {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n"}) {
    const std::string head = Head("/", field);
    const Outcome outcome = ParseEveryWay(head + "hello");
    EXPECT_TRUE(outcome.done) << field << outcome.refusal.detail;
    EXPECT_EQ(outcome.consumed, head.size()) << field;
  }
}

TEST(RequestParser, IsNotDoneBeforeTheEmptyLine) {
  for (size_t size = 0; size < kUpgrade.size(); ++size) {
    RequestParser parser(kLimits);
    const auto fed = parser.Feed(base::AsBytes(kUpgrade.substr(0, size)));
    ASSERT_TRUE(fed) << size;
    EXPECT_EQ(*fed, size);
    EXPECT_FALSE(parser.done()) << size;
  }
}

TEST(RequestParser, SkipsEmptyLinesBeforeTheRequest) {
  const Outcome outcome = ParseEveryWay("\r\n\r\n" + Head("/a"));
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.head.path, "/a");
}

TEST(RequestParser, EmptyLinesCountTowardsTheLimit) {
  std::string lines;
  for (size_t i = 0; i < kLimits.header; ++i) lines += "\r\n";
  EXPECT_EQ(ParseIn(lines, {1}).refusal.cause, Cause::kHeaderTooLarge);
  EXPECT_EQ(Parse(lines).refusal.cause, Cause::kHeaderTooLarge);
}

struct RefusalCase {
  std::string_view text;
  Cause cause;
  std::string_view detail;  // part of it
};

using namespace std::string_view_literals;
constexpr RefusalCase kRefusals[] = {
    // The method.
    {"\x16\x03\x01\x02\x00\x01"sv, Cause::kBadRequest, "TLS handshake arrived on a plain listener"},
    {"\x80", Cause::kBadRequest, "does not begin with an HTTP method"},
    {" GET / HTTP/1.1\r\n", Cause::kBadRequest, "does not begin with an HTTP method"},
    {"get / HTTP/1.1\r\n", Cause::kBadRequest, "does not begin with an HTTP method"},
    {"GEt / HTTP/1.1\r\n", Cause::kBadRequest, "does not begin with an HTTP method"},
    {"GET\r\n", Cause::kBadRequest, "does not begin with an HTTP method"},
    {"GET\t/ HTTP/1.1\r\n", Cause::kBadRequest, "does not begin with an HTTP method"},
    {"SSH-2.0-x\r\n", Cause::kBadRequest, "does not begin with an HTTP method"},
    {"POST / HTTP/1.1\r\n", Cause::kMethodNotAllowed,
     "the method POST is not allowed, expected GET or HEAD"},
    {"HEADS / HTTP/1.1\r\n", Cause::kMethodNotAllowed, "the method HEADS "},
    {"CONNECT a:1 HTTP/1.1\r\n", Cause::kMethodNotAllowed, "the method CONNECT "},
    {"OPTIONS * HTTP/1.1\r\n", Cause::kMethodNotAllowed, "the method OPTIONS "},
    {"M-SEARCH * HTTP/1.1\r\n", Cause::kMethodNotAllowed, "the method M-SEARCH "},
    {"FROBNICATE / HTTP/1.1\r\n", Cause::kMethodNotAllowed, "the method FROBNICATE "},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n", Cause::kMethodNotAllowed,
     "the method AAAAAAAAAAAAAAAAAAAA is"},
    {"\r\nPOST / HTTP/1.1\r\n", Cause::kMethodNotAllowed, "the method POST "},
    {"\rGET / HTTP/1.1\r\n", Cause::kBadRequest, "CR is not followed by LF"},
    {"\nGET / HTTP/1.1\r\n", Cause::kBadRequest, "LF alone"},
    // The version.
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Cause::kHttpVersion, "HTTP/2"},
    {"GET / HTTP/1.0\r\n", Cause::kHttpVersion, "expected HTTP/1.1"},
    {"GET / HTTP/1.2\r\n", Cause::kHttpVersion, "expected HTTP/1.1"},
    {"GET / HTTP/2.0\r\n", Cause::kHttpVersion, "expected HTTP/1.1"},
    {"GET / HTTP/2\r\n", Cause::kHttpVersion, "expected HTTP/1.1"},
    {"GET / HTTP/0.9\r\n", Cause::kHttpVersion, "expected HTTP/1.1"},
    {"GET /\r\n", Cause::kHttpVersion, "no version"},
    {"GET / HTTP/1.\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / HTTP/1.\x01\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / HTTP/\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / HTTP/x\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    // Bytes that a target cannot have.
    {"GET /a\rb HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET /a\r\rb HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET /a\r HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET \r/a HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET /a\tb HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET /a\0b HTTP/1.1\r\n"sv, Cause::kBadRequest, "not visible ASCII"},
    {"GET /a\x7f HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET /a\xc3\xa4 HTTP/1.1\r\n", Cause::kBadRequest, "not visible ASCII"},
    {"GET / \r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / http/1.1\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / RTSP/1.0\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / ICE/1.0\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / HTTP/1.1 \r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET / HTTP/1.11\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET /  HTTP/1.1\r\n", Cause::kBadRequest, "does not end in HTTP/1.1"},
    {"GET  / HTTP/1.1\r\n", Cause::kBadRequest, "target is empty"},
    // Line ends.
    {"GET /\n", Cause::kBadRequest, "LF alone"},
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", Cause::kBadRequest, "LF alone"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", Cause::kBadRequest, "LF alone"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", Cause::kBadRequest, "LF alone"},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n", Cause::kBadRequest, "CR is not followed by LF"},
    {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", Cause::kBadRequest, "CR is not followed by LF"},
    {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", Cause::kBadRequest, "CR is not followed by LF"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\rb", Cause::kBadRequest, "CR is not followed by LF"},
    // Header lines.
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", Cause::kBadRequest, "begins with whitespace"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", Cause::kBadRequest,
     "begins with whitespace"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\tc\r\n\r\n", Cause::kBadRequest,
     "begins with whitespace"},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", Cause::kBadRequest, "between a header's name and colon"},
    {"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", Cause::kBadRequest,
     "between a header's name and colon"},
    {"GET / HTTP/1.1\r\n: a\r\n\r\n", Cause::kBadRequest, "empty name"},
    {"GET / HTTP/1.1\r\nHost\r\n\r\n", Cause::kBadRequest, "no colon"},
    {"GET / HTTP/1.1\r\nHo\xc3st: a\r\n\r\n", Cause::kBadRequest, "name has a byte"},
    {"GET / HTTP/1.1\r\n(Host: a\r\n\r\n", Cause::kBadRequest, "name has a byte"},
    {"GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n"sv, Cause::kBadRequest, "name has a byte"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"sv, Cause::kBadRequest, "control byte"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n", Cause::kBadRequest, "control byte"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n", Cause::kBadRequest, "control byte"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: \v\r\n\r\n", Cause::kBadRequest, "control byte"},
    // Host, and bodies that cannot be told.
    {"GET / HTTP/1.1\r\n\r\n", Cause::kBadRequest, "Host header is missing"},
    {"GET http://a/ HTTP/1.1\r\nX: y\r\n\r\n", Cause::kBadRequest, "Host header is missing"},
    {"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", Cause::kBadRequest, "more than once"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", Cause::kBadRequest,
     "Content-Length"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", Cause::kBadRequest,
     "Content-Length"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
     Cause::kBadRequest, "Content-Length"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
     Cause::kBadRequest, "Content-Length"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     Cause::kBadRequest, "both a Content-Length and a Transfer-Encoding"},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", Cause::kBadRequest,
     "chunked is not the last"},
};

TEST(RequestParser, RefusesMalformedHeadsInEveryCut) {
  for (const RefusalCase& c : kRefusals) {
    SCOPED_TRACE(c.text);
    const Outcome outcome = ParseEveryWay(c.text);
    EXPECT_FALSE(outcome.done);
    EXPECT_EQ(base::ReasonOf(outcome.refusal.cause), base::ReasonOf(c.cause));
    EXPECT_THAT(outcome.refusal.detail, HasSubstr(std::string(c.detail)));
  }
}

TEST(RequestParser, DetailsAreOneLineOfText) {
  for (const RefusalCase& c : kRefusals) {
    const std::string detail = Parse(c.text).refusal.detail;
    EXPECT_TRUE(std::all_of(detail.begin(), detail.end(), [](char b) {
      return b >= 0x20 && b < 0x7f;
    })) << detail;
    EXPECT_LE(detail.size(), 120U);
  }
}

TEST(RequestParser, EveryControlByteInAValueIsRefused) {
  for (int byte = 0; byte < 0x20; ++byte) {
    if (byte == '\t') continue;
    const std::string value = {'a', static_cast<char>(byte), 'b'};
    EXPECT_FALSE(Parse(Head("/", "X: " + value + "\r\n")).done) << byte;
    EXPECT_FALSE(Parse(Head("/a" + value)).done) << byte;
    EXPECT_FALSE(Parse(Head("/", "X" + value + ": 1\r\n")).done) << byte;
  }
}

TEST(RequestParser, AnUpgradeHasNoBody) {
  for (const std::string_view upgrade : {"Upgrade: websocket\r\n", "Sec-WebSocket-Key: x\r\n"}) {
    for (const std::string_view body :
         {"Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n"}) {
      for (const bool upgrade_first : {false, true}) {
        const auto fields = upgrade_first ? std::string(upgrade) + std::string(body)
                                          : std::string(body) + std::string(upgrade);
        const Outcome outcome = ParseEveryWay(Head("/", fields));
        EXPECT_FALSE(outcome.done) << fields;
        EXPECT_EQ(outcome.refusal.cause, Cause::kBadRequest) << fields;
        EXPECT_THAT(outcome.refusal.detail, HasSubstr("body")) << fields;
      }
    }
    EXPECT_TRUE(ParseEveryWay(Head("/", std::string(upgrade) + "Content-Length: 0\r\n")).done);
  }
}

TEST(RequestParser, LimitsAreExact) {
  const std::string head = Head("/abcdef", "A: 1\r\nB: 2\r\n");
  const HeadLimits exact{.request_line = 7, .header = head.size(), .header_count = 3};
  EXPECT_TRUE(ParseEveryWay(head, exact).done);

  HeadLimits tight = exact;
  tight.request_line = 6;
  EXPECT_EQ(ParseEveryWay(head, tight).refusal,
            (Refusal{Cause::kUriTooLong, "the request target is longer than 6 bytes"}));
  tight = exact;
  tight.header = head.size() - 1;
  EXPECT_EQ(ParseEveryWay(head, tight).refusal,
            (Refusal{Cause::kHeaderTooLarge, "the request head is longer than " +
                                                 std::to_string(head.size() - 1) + " bytes"}));
  tight = exact;
  tight.header_count = 2;
  EXPECT_EQ(ParseEveryWay(head, tight).refusal,
            (Refusal{Cause::kHeaderTooLarge, "the request has more than 2 headers"}));
}

TEST(RequestParser, EndlessHeadsEnd) {
  const std::string_view beginnings[] = {"", "A", "GET /", "GET / HTTP/1.1\r\nHost: a",
                                         "GET / HTTP/1.1\r\nHost"};
  constexpr HeadLimits kWide{.request_line = 100'000, .header = 300, .header_count = 100'000};
  for (const std::string_view beginning : beginnings) {
    RequestParser parser(kWide);
    ASSERT_TRUE(parser.Feed(base::AsBytes(beginning)));
    size_t taken = beginning.size();
    while (parser.Feed(base::AsBytes("A"))) ++taken;
    EXPECT_EQ(taken, kWide.header) << beginning;
  }
}

TEST(RequestParser, Moves) {
  RequestParser parser(kLimits);
  ASSERT_TRUE(parser.Feed(base::AsBytes(kUpgrade.substr(0, 30))));
  RequestParser moved(std::move(parser));
  ASSERT_TRUE(moved.Feed(base::AsBytes(kUpgrade.substr(30))));
  EXPECT_TRUE(moved.done());
  EXPECT_EQ(moved.head().path, "/vnc");
}

}  // namespace
}  // namespace sluice::http
