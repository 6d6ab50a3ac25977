// FieldParser: each rule of RFC 9112 section 5 and RFC 9110 section 5 in a table, in every cut.
#include "http/field_parser.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using testing::ElementsAre;

constexpr size_t kMaxFields = 4;

struct FieldsOutcome {
  size_t used = 0;
  bool done = false;
  std::vector<Header> fields;
  std::optional<HeadError> error;

  bool operator==(const FieldsOutcome&) const = default;
};

FieldsOutcome ParseFieldsIn(std::string_view text, size_t piece) {
  FieldParser parser(kMaxFields);
  FieldsOutcome outcome;
  while (!text.empty() && !parser.done()) {
    const auto fed = parser.Feed(base::AsBytes(text.substr(0, piece)));
    if (!fed) return {.used = 0, .done = false, .fields = {}, .error = fed.error()};
    outcome.used += *fed;
    text.remove_prefix(std::min(piece, text.size()));
  }
  outcome.done = parser.done();
  outcome.fields = parser.fields();
  return outcome;
}

/// Returns the outcome, which is the same in pieces of every size.
FieldsOutcome ParseFields(std::string_view text) {
  const FieldsOutcome whole = ParseFieldsIn(text, text.size());
  for (size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_EQ(ParseFieldsIn(text, piece), whole) << "in pieces of " << piece;
  }
  return whole;
}

TEST(FieldParser, ParsesFieldsUpToTheEmptyLine) {
  const std::string_view text = "Host: a\r\nX:\r\nx: \t b c\t \r\n\r\nGET";
  const FieldsOutcome outcome = ParseFields(text);
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.used, text.size() - 3);
  EXPECT_THAT(outcome.fields,
              ElementsAre(Header{"Host", "a"}, Header{"X", ""}, Header{"x", "b c"}));
}

TEST(FieldParser, AHeadMayHaveNoField) {
  const FieldsOutcome outcome = ParseFields("\r\n\r\n");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.used, 2U);
}

TEST(FieldParser, IsNotDoneBeforeTheLastLf) {
  EXPECT_FALSE(ParseFields("").done);
  EXPECT_FALSE(ParseFields("A: b\r\n").done);
  EXPECT_FALSE(ParseFields("A: b\r\n\r").done);
}

struct ErrorCase {
  std::string_view text;
  HeadError error;
};

TEST(FieldParser, RefusesInvalidLines) {
  constexpr ErrorCase kCases[] = {
      // RFC 9112 section 2.2: a line ends in CR LF, and a CR is part of nothing else.
      {"\n", HeadError::kBareLf},
      {"A: b\n", HeadError::kBareLf},
      {"A:\n", HeadError::kBareLf},
      {"A: b\r\n\n", HeadError::kBareLf},
      {"\rA", HeadError::kBareCr},
      {"A: b\rc", HeadError::kBareCr},
      {"A: b\r\r\n", HeadError::kBareCr},
      {"A:\rb", HeadError::kBareCr},
      // RFC 9112 section 2.2: no whitespace between the first line and the fields.
      {" A: b", HeadError::kLeadingSpace},
      {"\tA: b", HeadError::kLeadingSpace},
      // RFC 9112 section 5.2: no folded lines.
      {"A: b\r\n c", HeadError::kLeadingSpace},
      {"A:\r\n\tb", HeadError::kLeadingSpace},
      // RFC 9112 section 5.1: no whitespace between name and colon.
      {"A : b", HeadError::kSpaceBeforeColon},
      {"A\t: b", HeadError::kSpaceBeforeColon},
      {"A\r\n", HeadError::kNoColon},
      {"A\n", HeadError::kNoColon},
      {": b", HeadError::kEmptyName},
      {"1: a\r\n2: a\r\n3: a\r\n4: a\r\n5", HeadError::kTooManyFields},
  };
  for (const ErrorCase& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseFields(c.text).error, c.error);
  }
}

// RFC 9110 section 5.1 and 5.6.2: a name is a token.
TEST(FieldParser, NamesAreTokens) {
  const std::string_view others = "!#$%&'*+-.^_`|~";
  for (int i = 0; i < 256; ++i) {
    const char byte = static_cast<char>(i);
    const bool is_token = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                          (byte >= 'A' && byte <= 'Z') ||
                          others.find(byte) != std::string_view::npos;
    EXPECT_EQ(ParseFields(std::string({byte, 'a'}) + ":\r\n\r\n").done, is_token) << i;
    if (byte == ':') continue;
    EXPECT_EQ(ParseFields(std::string({'a', byte, 'a'}) + ":\r\n\r\n").done, is_token) << i;
  }
}

// RFC 9110 section 5.5: visible ASCII, bytes above 127, spaces and tabs.
TEST(FieldParser, ValuesHaveNoControlBytes) {
  for (int i = 0; i < 256; ++i) {
    const char byte = static_cast<char>(i);
    const bool is_allowed = byte == '\t' || (i >= 0x20 && i != 0x7f);
    EXPECT_EQ(ParseFields("A: a" + std::string(1, byte) + "a\r\n\r\n").done, is_allowed) << i;
    EXPECT_EQ(ParseFields("A:" + std::string(1, byte) + "a\r\n\r\n").done, is_allowed) << i;
  }
}

}  // namespace
}  // namespace sluice::http
