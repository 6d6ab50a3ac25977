#include "sluice/auth/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/fault_texts.h"

namespace sluice::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Texts;

TEST(Tokens, Lines) {
  TokenTable table;
  ASSERT_THAT(
      table.AddFile("\xEF\xBB\xBF# x\na: h:1\r\n\n  b:c \t:\t10.0.0.1:2  \nd: unix:/s\n", ""),
      IsEmpty());
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.Find(DigestOf("a"))->ToString(), "h:1");
  EXPECT_EQ(table.Find(DigestOf("b:c"))->ToString(), "10.0.0.1:2");
  EXPECT_EQ(table.Find(DigestOf("b")), nullptr);
  ASSERT_THAT(table.AddFile("h:2\n", "name"), IsEmpty());
  EXPECT_EQ(table.Find(DigestOf("name"))->ToString(), "h:2");
  for (const char* const bad : {"x: h", "x: ", ": h:1", "x: h:0", "x: builtin:echo"}) {
    EXPECT_FALSE(table.AddFile(bad, "").empty()) << bad;
  }
}

TEST(Tokens, AFaultyFileAddsNoTokenAndEveryFaultIsReported) {
  TokenTable table;
  ASSERT_THAT(table.AddFile("a: h:1\n", "one"), IsEmpty());
  EXPECT_THAT(Texts(table.AddFile("b: h:2\na: h:3\nc: nowhere\n: h:1\nwords\n", "two")),
              ElementsAre("line 2: the token is in another line or file already",
                          "line 3: the token has no server; expected 'token: host:port'",
                          "line 4: expected 'token: host:port'",
                          "line 5: expected 'token: host:port', or 'host:port' alone in a file "
                          "that is named like the token"));
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.Find(DigestOf("a"))->ToString(), "h:1");
  EXPECT_THAT(Texts(table.AddFile("h:2\n", "")),
              ElementsAre("line 1: expected 'token: host:port'"));
}

TEST(Tokens, TheTokensOfOneFileAreCopied) {
  TokenTable before;
  ASSERT_THAT(before.AddFile("a: h:1\nb: h:2\n", "one"), IsEmpty());
  ASSERT_THAT(before.AddFile("c: h:3\n", "two"), IsEmpty());
  TokenTable table;
  ASSERT_THAT(table.AddFile("b: h:4\n", "three"), IsEmpty());
  table.CopyFile(before, "one");
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.Find(DigestOf("a"))->ToString(), "h:1");
  EXPECT_EQ(table.Find(DigestOf("b"))->ToString(), "h:4");
}

TEST(Tokens, Values) {
  EXPECT_EQ(ParseTokenValue("h:1\n")->ToString(), "h:1");
  EXPECT_EQ(ParseTokenValue(R"({"host": "h:1"})")->ToString(), "h:1");
  for (const char* const bad : {"", "h", "unix:/x", "builtin:echo", "{", R"({"host": 1})", "{}"}) {
    EXPECT_FALSE(ParseTokenValue(bad)) << bad;
  }
}

}  // namespace
}  // namespace sluice::auth
