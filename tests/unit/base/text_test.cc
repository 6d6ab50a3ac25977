// ASCII text as HTTP and the configuration use it.
#include "sluice/base/text.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string OneCharacter(int code) {
  return std::string(1, static_cast<char>(code));
}

TEST(ToLowerTest, ChangesAsciiLettersAlone) {
  for (int code = 0; code < 256; ++code) {
    const int lower = code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
    EXPECT_EQ(ToLower(OneCharacter(code)), OneCharacter(lower)) << code;
  }
  EXPECT_EQ(ToLower(""), "");
  EXPECT_EQ(ToLower("Sec-WebSocket-Key: \xc3\x84"), "sec-websocket-key: \xc3\x84");
}

TEST(WithoutByteOrderMarkTest, TakesOneAwayFromTheBeginningAlone) {
  EXPECT_EQ(WithoutByteOrderMark("\xEF\xBB\xBFtext"), "text");
  EXPECT_EQ(WithoutByteOrderMark("text\xEF\xBB\xBF"), "text\xEF\xBB\xBF");
  EXPECT_EQ(WithoutByteOrderMark("\xEF\xBB"), "\xEF\xBB");
  EXPECT_EQ(WithoutByteOrderMark(""), "");
}

TEST(EqualsIgnoringCaseTest, EveryPairOfCharacters) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const bool expected = ToLower(OneCharacter(a)) == ToLower(OneCharacter(b));
      ASSERT_EQ(EqualsIgnoringCase(OneCharacter(a), OneCharacter(b)), expected) << a << " " << b;
    }
  }
}

TEST(EqualsIgnoringCaseTest, LengthsMustAgree) {
  EXPECT_TRUE(EqualsIgnoringCase("", ""));
  EXPECT_TRUE(EqualsIgnoringCase("WebSocket", "websocket"));
  EXPECT_FALSE(EqualsIgnoringCase("websocket", "websockets"));
  EXPECT_FALSE(EqualsIgnoringCase("websockets", "websocket"));
  EXPECT_FALSE(EqualsIgnoringCase("a", ""));
}

TEST(TrimWhitespaceTest, TakesSpacesAndTabsFromBothEnds) {
  EXPECT_EQ(TrimWhitespace(""), "");
  EXPECT_EQ(TrimWhitespace(" \t \t"), "");
  EXPECT_EQ(TrimWhitespace("a"), "a");
  EXPECT_EQ(TrimWhitespace("\t a \t b\t "), "a \t b");
  EXPECT_EQ(TrimWhitespace("\r\na\v"), "\r\na\v") << "OWS is spaces and tabs, nothing else";
}

TEST(TrimWhitespaceTest, TheResultPointsIntoTheArgument) {
  const std::string_view text = "  value ";
  EXPECT_EQ(TrimWhitespace(text).data(), text.data() + 2);
}

TEST(SplitListTest, LeavesOutEmptyElements) {
  EXPECT_THAT(SplitList(""), IsEmpty());
  EXPECT_THAT(SplitList(" , ,\t,"), IsEmpty());
  EXPECT_THAT(SplitList("a"), ElementsAre("a"));
  EXPECT_THAT(SplitList("a,b"), ElementsAre("a", "b"));
  EXPECT_THAT(SplitList(", a ,, b\t,"), ElementsAre("a", "b"));
  EXPECT_THAT(SplitList("a b, c"), ElementsAre("a b", "c"));
}

TEST(ListContainsTest, ComparesWholeElementsWithoutCase) {
  EXPECT_TRUE(ListContains("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(ListContains("UPGRADE", "Upgrade"));
  EXPECT_FALSE(ListContains("", "upgrade"));
  EXPECT_FALSE(ListContains("keep-alive", "upgrade"));
  EXPECT_FALSE(ListContains("upgrade-insecure-requests", "upgrade"));
  EXPECT_FALSE(ListContains("up grade", "upgrade"));
  EXPECT_FALSE(ListContains("up,grade", "upgrade"));
}

TEST(MatchesNamePatternTest, AStarIsOneLabel) {
  EXPECT_TRUE(MatchesNamePattern("alice", "Alice"));
  EXPECT_TRUE(MatchesNamePattern("*.x.com", "a-1.X.com"));
  for (const std::string_view other :
       {"x.com", ".x.com", "a.b.x.com", "a@b.x.com", "a.x.org", "", "*.x.com", "https://a.x.com"}) {
    EXPECT_FALSE(MatchesNamePattern("*.x.com", other)) << other;
  }
}

TEST(MatchesCertificateNameTest, TheTypeIsPartOfTheName) {
  EXPECT_TRUE(MatchesCertificateName("dns:*.x.com", "dns:a.X.com"));
  EXPECT_TRUE(MatchesCertificateName("cn:anna", "cn:Anna"));
  EXPECT_TRUE(MatchesCertificateName("email:a@x.com", "email:A@x.com"));
  EXPECT_TRUE(MatchesCertificateName("uri:spiffe://x/a", "uri:spiffe://x/a"));
  EXPECT_FALSE(MatchesCertificateName("uri:spiffe://x/a", "uri:spiffe://x/A"));
  for (const std::string_view other : {"cn:a.x.com", "email:a.x.com", "uri:a.x.com", "a.x.com", "",
                                       "dns", "dns:", "dnsx:a.x.com", "dns:a.b.x.com"}) {
    EXPECT_FALSE(MatchesCertificateName("dns:*.x.com", other)) << other;
  }
}

TEST(IsTokenTest, EveryCharacter) {
  // RFC 9110 section 5.6.2: the printable ASCII characters without the delimiters.
  constexpr std::string_view kDelimiters = "\"(),/:;<=>?@[\\]{}";
  for (int code = 0; code < 256; ++code) {
    const bool expected = code > ' ' && code < 0x7f &&
                          kDelimiters.find(static_cast<char>(code)) == std::string_view::npos;
    EXPECT_EQ(IsToken(OneCharacter(code)), expected) << code;
    EXPECT_EQ(IsToken("a" + OneCharacter(code) + "b"), expected) << code;
  }
  EXPECT_FALSE(IsToken(""));
}

TEST(ParseNumberTest, TakesDigitsAlone) {
  EXPECT_EQ(ParseNumber("0", 0), 0u);
  EXPECT_EQ(ParseNumber("007", 10), 7u);
  EXPECT_EQ(ParseNumber("65535", 65535), 65535u);
  EXPECT_EQ(ParseNumber("18446744073709551615", UINT64_MAX), UINT64_MAX);
  for (const std::string_view text :
       {"", " ", "-", "-0", "-1", "+1", " 1", "1 ", "1a", "0x10", "1.0", "1,000", "\xd9\xa1"}) {
    EXPECT_EQ(ParseNumber(text, UINT64_MAX), std::nullopt) << "'" << text << "'";
  }
}

TEST(ParseNumberTest, RefusesWhatIsOverTheMaximum) {
  EXPECT_EQ(ParseNumber("65536", 65535), std::nullopt);
  EXPECT_EQ(ParseNumber("18446744073709551616", UINT64_MAX), std::nullopt);
  EXPECT_EQ(ParseNumber("99999999999999999999999999", UINT64_MAX), std::nullopt);
}

TEST(ExcerptTest, IsTheTextIfThatIsShort) {
  EXPECT_EQ(Excerpt(""), "");
  EXPECT_EQ(Excerpt("abc", 3), "abc");
  EXPECT_EQ(Excerpt(std::string(256, 'a')), std::string(256, 'a'));
}

TEST(ExcerptTest, CutsBetweenCharacters) {
  EXPECT_EQ(Excerpt("abcd", 3), "abc...");
  EXPECT_EQ(Excerpt(std::string(257, 'a')), std::string(256, 'a') + "...");
  EXPECT_EQ(Excerpt("a\xc3\xbc!", 2), "a...");
  EXPECT_EQ(Excerpt("a\xc3\xbc!", 3), "a\xc3\xbc...");
  EXPECT_EQ(Excerpt("\xf0\x9f\x98\x80!", 3), "...");
}

TEST(ExcerptTest, CutsWhatIsNoUtf8SomewhereNear) {
  EXPECT_EQ(Excerpt(std::string(10, '\x80'), 6), std::string(3, '\x80') + "...");
}

TEST(ParseNumberTest, ReadsNoFurtherThanTheView) {
  const std::string_view text = "12345";
  EXPECT_EQ(ParseNumber(text.substr(0, 2), 1000), 12u);
}

}  // namespace
}  // namespace sluice::base
