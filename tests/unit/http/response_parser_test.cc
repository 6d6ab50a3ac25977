#include "sluice/http/response_parser.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using ::testing::HasSubstr;

constexpr ResponseLimits kResponseLimits{.header = 512, .header_count = 5};

constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "connection:  Upgrade \r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    "\r\n";

struct ResponseOutcome {
  ResponseHead head;
  size_t used = 0;
  std::string fault;
  bool done = false;

  bool operator==(const ResponseOutcome&) const = default;
};

ResponseOutcome ParseResponseIn(std::string_view text, size_t piece,
                                const ResponseLimits& limits = kResponseLimits) {
  ResponseParser parser(limits);
  ResponseOutcome outcome;
  while (!text.empty() && !parser.done()) {
    const std::string_view next = text.substr(0, piece);
    const auto used = parser.Feed(base::AsBytes(next));
    if (!used) {
      EXPECT_EQ(parser.Feed(base::AsBytes(next)).error(), used.error());
      return {.head = {}, .used = 0, .fault = used.error(), .done = false};
    }
    outcome.used += *used;
    text.remove_prefix(next.size());
  }
  outcome.done = parser.done();
  if (outcome.done) outcome.head = parser.head();
  return outcome;
}

/// The outcome, which is the same however the text is cut.
ResponseOutcome ParseResponse(std::string_view text,
                              const ResponseLimits& limits = kResponseLimits) {
  const ResponseOutcome whole = ParseResponseIn(text, text.size(), limits);
  for (size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_EQ(ParseResponseIn(text, piece, limits), whole) << "in pieces of " << piece;
  }
  return whole;
}

TEST(ResponseParserTest, TakesAHeadAndLeavesTheFramesBehindIt) {
  const ResponseOutcome outcome = ParseResponse(std::string(kSwitching) + "\x82\x01x");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.used, kSwitching.size());
  EXPECT_EQ(outcome.head.status, 101);
  EXPECT_EQ(outcome.head.Find("Connection"), "Upgrade");
  EXPECT_EQ(outcome.head.Joined("upgrade"), "websocket");
  EXPECT_EQ(outcome.head.Count("sec-websocket-accept"), 1u);
  EXPECT_EQ(outcome.head.Find("Sec-WebSocket-Protocol"), std::nullopt);
}

TEST(ResponseParserTest, TellsAnyStatusWithoutItsBody) {
  const std::string_view head = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n";
  const ResponseOutcome outcome = ParseResponse(std::string(head) + "never");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.head.status, 404);
  EXPECT_EQ(outcome.used, head.size());
}

TEST(ResponseParserTest, SkipsInterimResponses) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const ResponseOutcome outcome = ParseResponse(interim + std::string(kSwitching));
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.head.status, 101);
  EXPECT_EQ(outcome.head.headers.size(), 3u);
  EXPECT_EQ(outcome.used, interim.size() + kSwitching.size());
}

TEST(ResponseParserTest, WaitsForTheRest) {
  const ResponseOutcome outcome = ParseResponse(kSwitching.substr(0, kSwitching.size() - 1));
  EXPECT_FALSE(outcome.done);
  EXPECT_EQ(outcome.fault, "");
}

TEST(ResponseParserTest, KeepsToItsLimits) {
  const std::string start = "HTTP/1.1 101 OK\r\n";
  EXPECT_EQ(ParseResponse(start + "X: " + std::string(600, 'x') + "\r\n\r\n").fault,
            "the response is longer than 512 bytes");
  EXPECT_EQ(ParseResponse(start + "a:1\r\na:2\r\na:3\r\na:4\r\na:5\r\na:6\r\n\r\n").fault,
            "the response has more than 5 headers");
  std::string interims;
  for (int i = 0; i < 40; ++i) interims += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(ParseResponse(interims).fault, "the response is longer than 512 bytes");
  const ResponseLimits exact{.header = kSwitching.size(), .header_count = 3};
  EXPECT_TRUE(ParseResponse(kSwitching, exact).done);
}

TEST(ResponseParserTest, RefusesWhatIsNoResponse) {
  for (const std::string_view text :
       {"SSH-2.0-OpenSSH_9.2p1\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 1O1 X\r\n\r\n",
        "HTTP/1.1 101 X\r\nno colon\r\n\r\n", "\x16\x03\x01\x02"}) {
    EXPECT_THAT(ParseResponse(text).fault, HasSubstr("is not valid HTTP/1.1")) << text;
  }
  EXPECT_EQ(ParseResponse("HTTP/1.0 101 X\r\n\r\n").fault, "the response is not HTTP/1.1");
}

struct FaultCase {
  std::string_view text;
  std::string_view fault;
};

TEST(ResponseParserTest, NamesWhatIsNotValid) {
  constexpr FaultCase kCases[] = {
      {"ICY 200 OK\r\n\r\n", "it does not begin with HTTP/1.1 and a status"},
      {"HTTP/1.1 99 X\r\n\r\n", "its status is not a number from 100 to 999"},
      {"HTTP/1.1 101 a\x01\r\n\r\n", "the reason after its status has a control byte"},
      {"HTTP/1.1 101 X\n\r\n", "a line ends in LF alone, expected CR LF"},
      {"HTTP/1.1 101 X\r\nA: b\n\r\n", "a line ends in LF alone, expected CR LF"},
      {"HTTP/1.1 101 X\r\nA: b\r\n c\r\n\r\n", "a header line begins with whitespace"},
      {"HTTP/1.1 101 X\r\nA : b\r\n\r\n", "whitespace between a header's name and colon"},
      {"HTTP/1.1 101 X\r\n: b\r\n\r\n", "a header has an empty name"},
      {"HTTP/1.1 101 X\r\nA: b\rc\r\n\r\n", "a CR is not followed by LF"},
      {"HTTP/1.1 101 X\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
       "it has more than one Content-Length header"},
      {"HTTP/1.1 103 X\r\nContent-Length: x\r\n\r\n",
       "it has a Content-Length header that is not a number"},
  };
  for (const FaultCase& c : kCases) {
    EXPECT_EQ(ParseResponse(c.text).fault,
              "the response is not valid HTTP/1.1: " + std::string(c.fault));
  }
}

TEST(ResponseParserTest, HeadersOfInterimResponsesCount) {
  const std::string interim = "HTTP/1.1 103 X\r\na:1\r\nb:2\r\nc:3\r\n\r\n";
  EXPECT_TRUE(ParseResponse(interim + "HTTP/1.1 101 X\r\nd:4\r\ne:5\r\n\r\n").done);
  EXPECT_EQ(ParseResponse(interim + interim).fault, "the response has more than 5 headers");
}

}  // namespace
}  // namespace sluice::http
