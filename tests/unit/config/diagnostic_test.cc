// How diagnostics look, and the text that is refused before the YAML parser sees it.
#include <string>

#include <gtest/gtest.h>

#include "sluice/config/loader.h"

#include "config/source_text.h"

namespace sluice::config {
namespace {

TEST(Diagnostic, ShowsTheLineAndACaret) {
  const Diagnostic diagnostic{"sluice.yaml", 12, 5, "message", "    key: value"};
  EXPECT_EQ(diagnostic.ToString(),
            "sluice.yaml:12:5: message\n"
            "    key: value\n"
            "    ^");
}

TEST(Diagnostic, AWarningLooksAsCompilersHaveIt) {
  const Diagnostic diagnostic{"sluice.yaml",     12, 5, "message", "    key: value",
                              Severity::kWarning};
  EXPECT_EQ(diagnostic.Headline(), "sluice.yaml:12:5: warning: message");
  EXPECT_EQ(diagnostic.ToString(),
            "sluice.yaml:12:5: warning: message\n"
            "    key: value\n"
            "    ^");
  EXPECT_EQ((Diagnostic{"a", 0, 0, "m", "", Severity::kWarning}).Headline(), "a: warning: m");
}

TEST(Diagnostic, KeepsTabsSoThatTheCaretLinesUp) {
  const Diagnostic diagnostic{"a", 1, 5, "m", "a\tb\tc"};
  EXPECT_EQ(diagnostic.ToString(), "a:1:5: m\na\tb\tc\n \t \t^");
}

TEST(Diagnostic, CountsCharactersNotBytes) {
  const SourceText source("é: ü\n", "a");
  const auto diagnostic = source.At(0, 4, "m");
  EXPECT_EQ(diagnostic.column, 4);
  EXPECT_EQ(diagnostic.ToString(), "a:1:4: m\né: ü\n   ^");
}

TEST(Diagnostic, PointsBehindTheEndOfALine) {
  EXPECT_EQ((Diagnostic{"a", 1, 4, "m", "ab"}).ToString(), "a:1:4: m\nab\n   ^");
}

TEST(Diagnostic, LeavesOutWhatIsNotThere) {
  EXPECT_EQ((Diagnostic{"a", 0, 0, "cannot be read", ""}).ToString(), "a: cannot be read");
  EXPECT_EQ((Diagnostic{"a", 3, 1, "m", ""}).ToString(), "a:3:1: m");
}

TEST(SourceText, SplitsLines) {
  const SourceText source(
      "\xEF\xBB\xBF"
      "a\r\nb\n\nc",
      "f");
  EXPECT_EQ(source.Line(0), "a");
  EXPECT_EQ(source.Line(1), "b");
  EXPECT_EQ(source.Line(2), "");
  EXPECT_EQ(source.Line(3), "c");
  EXPECT_EQ(source.Line(4), "");
  EXPECT_EQ(source.Line(-1), "");
  EXPECT_FALSE(source.FindFault());
}

TEST(SourceText, DoesNotShowALineOfTooMuch) {
  const std::string line(501, 'a');
  EXPECT_EQ(SourceText(line, "f").At(0, 500, "m").ToString(), "f:1:501: m");
}

TEST(SourceText, FindsControlCharacters) {
  for (const char c : {'\0', '\x04', '\x1b', '\x7f'}) {
    const auto text = std::string("a: b\nc: ") + c + "d";
    const auto fault = SourceText(text, "f").FindFault();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->ToString(), "f:2:4: expected text, found a control character");
  }
}

TEST(SourceText, FindsWhatIsNotUtf8) {
  for (const char* bytes :
       {"\xff", "\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    const auto text = std::string("ü ") + bytes;
    const auto fault = SourceText(text, "f").FindFault();
    ASSERT_TRUE(fault) << bytes;
    EXPECT_EQ(fault->ToString(), "f:1:3: expected UTF-8 text, found another encoding");
  }
  EXPECT_FALSE(SourceText("ü € 𐍈 \xf4\x8f\xbf\xbf \xed\x9f\xbf", "f").FindFault());
}

}  // namespace
}  // namespace sluice::config
