// StatusLineParser: each rule of RFC 9112 section 4 in a table, in every cut.
#include "http/status_line_parser.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

struct StatusLineOutcome {
  size_t used = 0;
  int status = 0;  // zero: the line is not complete
  std::optional<HeadError> error;

  bool operator==(const StatusLineOutcome&) const = default;
};

StatusLineOutcome ParseStatusLineIn(std::string_view text, size_t piece) {
  StatusLineParser parser;
  StatusLineOutcome outcome;
  while (!text.empty() && !parser.done()) {
    const auto fed = parser.Feed(base::AsBytes(text.substr(0, piece)));
    if (!fed) return {.used = 0, .status = 0, .error = fed.error()};
    outcome.used += *fed;
    text.remove_prefix(std::min(piece, text.size()));
  }
  if (parser.done()) outcome.status = parser.status();
  return outcome;
}

/// Returns the outcome, which is the same in pieces of every size.
StatusLineOutcome ParseStatusLine(std::string_view text) {
  const StatusLineOutcome whole = ParseStatusLineIn(text, text.size());
  for (size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_EQ(ParseStatusLineIn(text, piece), whole) << "in pieces of " << piece;
  }
  return whole;
}

TEST(StatusLineParser, ParsesUpToTheEndOfTheLine) {
  const StatusLineOutcome outcome = ParseStatusLine("HTTP/1.1 101 Switching Protocols\r\nUpgrade");
  EXPECT_EQ(outcome.status, 101);
  EXPECT_EQ(outcome.used, 34U);
}

TEST(StatusLineParser, TheReasonMayBeAnything) {
  for (const std::string_view line : {"HTTP/1.1 200 \r\n", "HTTP/1.1 200\r\n",
                                      "HTTP/1.1 200   a\tb 300\r\n", "HTTP/1.1 200 \xc3\xa4\r\n"}) {
    EXPECT_EQ(ParseStatusLine(line).status, 200) << line;
  }
}

TEST(StatusLineParser, StatusesAreFrom100To999) {
  for (const int status : {100, 199, 600, 999}) {
    EXPECT_EQ(ParseStatusLine("HTTP/1.1 " + std::to_string(status) + " X\r\n").status, status);
  }
}

struct StatusLineErrorCase {
  std::string_view text;
  HeadError error;
};

TEST(StatusLineParser, RefusesInvalidLines) {
  constexpr StatusLineErrorCase kCases[] = {
      {"\r", HeadError::kNoStatusLine},
      {" ", HeadError::kNoStatusLine},
      {"h", HeadError::kNoStatusLine},
      {"HTTP/1.1\t", HeadError::kNoStatusLine},
      {"HTTP/1.1\r", HeadError::kNoStatusLine},
      {"HTTP/1.10", HeadError::kNoStatusLine},
      {"HTTP/x", HeadError::kNoStatusLine},
      {"HTTP/1.0", HeadError::kOtherVersion},
      {"HTTP/2", HeadError::kOtherVersion},
      {"HTTP/1.1  ", HeadError::kInvalidStatus},
      {"HTTP/1.1 0", HeadError::kInvalidStatus},
      {"HTTP/1.1 1O", HeadError::kInvalidStatus},
      {"HTTP/1.1 10 ", HeadError::kInvalidStatus},
      {"HTTP/1.1 10\r", HeadError::kInvalidStatus},
      {"HTTP/1.1 1011", HeadError::kInvalidStatus},
      {"HTTP/1.1 101\t", HeadError::kInvalidStatus},
      {"HTTP/1.1 101 a\x01", HeadError::kInvalidReason},
      {"HTTP/1.1 101 a\x7f", HeadError::kInvalidReason},
      {"HTTP/1.1 101 a\n", HeadError::kBareLf},
      {"HTTP/1.1 101\n", HeadError::kBareLf},
      {"HTTP/1.1 101 a\rb", HeadError::kBareCr},
      {"HTTP/1.1 101\r\r", HeadError::kBareCr},
  };
  for (const StatusLineErrorCase& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseStatusLine(c.text).error, c.error);
    // The last byte is the one that is refused.
    EXPECT_EQ(ParseStatusLine(c.text.substr(0, c.text.size() - 1)).error, std::nullopt);
  }
}

}  // namespace
}  // namespace sluice::http
