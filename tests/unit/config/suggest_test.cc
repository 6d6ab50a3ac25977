// "Did you mean", and ${NAME}.
#include "sluice/config/suggest.h"

#include <array>

#include <gtest/gtest.h>

#include "config/substitute.h"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 3> kKnown = {"ping_interval", "pong_timeout", "host"};

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("abc", ""), 3U);
  EXPECT_EQ(EditDistance("abc", "abc"), 0U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
  EXPECT_EQ(EditDistance("hots", "host"), 1U);  // swapped neighbours
}

TEST(Nearest, WantsTwoThirdsToBeRight) {
  EXPECT_EQ(Nearest("ping_intervall", kKnown), "ping_interval");
  EXPECT_EQ(Nearest("pong_timeuot", kKnown), "pong_timeout");
  EXPECT_EQ(Nearest("hots", kKnown), "host");
  EXPECT_EQ(Nearest("moot", kKnown), "");
  EXPECT_EQ(Nearest("", kKnown), "");
  EXPECT_EQ(Nearest(std::string(1'000'000, 'h'), kKnown), "");
}

TEST(Suggestion, FallsBackToTheList) {
  EXPECT_EQ(Suggestion("hosts", kKnown, "known"), "; did you mean 'host'?");
  EXPECT_EQ(Suggestion("x", kKnown, "known"), "; known: ping_interval, pong_timeout, host");
  EXPECT_EQ(Suggestion("x", {}, "known"), "");
}

std::optional<std::string> Lookup(const std::string& name) {
  if (name == "PORT") return "8080";
  if (name == "EMPTY") return "";
  if (name == "DOLLAR") return "${PORT}";
  return std::nullopt;
}

TEST(Substitute, PutsValuesIn) {
  EXPECT_EQ(*Substitute("", Lookup), "");
  EXPECT_EQ(*Substitute("plain", Lookup), "plain");
  EXPECT_EQ(*Substitute("a:${PORT}/${PORT}b", Lookup), "a:8080/8080b");
  EXPECT_EQ(*Substitute("${EMPTY}", Lookup), "");
  EXPECT_EQ(*Substitute("${DOLLAR}", Lookup), "${PORT}");  // not substituted again
  EXPECT_EQ(*Substitute("$$ $${PORT} $$", Lookup), "$ ${PORT} $");
}

TEST(Substitute, TakesTheDefaultOfWhatIsUnsetOrEmpty) {
  EXPECT_EQ(*Substitute("${NONE:-5}", Lookup), "5");
  EXPECT_EQ(*Substitute("${EMPTY:-5}", Lookup), "5");
  EXPECT_EQ(*Substitute("${PORT:-5}", Lookup), "8080");
  EXPECT_EQ(*Substitute("${NONE:-}", Lookup), "");
  EXPECT_EQ(*Substitute("${NONE:-a:-b$}", Lookup), "a:-b$");
}

TEST(Substitute, SaysWhatIsWrong) {
  EXPECT_EQ(Substitute("${NONE}", Lookup).error(),
            "the environment variable 'NONE' is not set; set it or write '${NONE:-default}'");
  EXPECT_EQ(Substitute("${PORT", Lookup).error(), "a '${' without its '}'; write '$$' for a '$'");
  for (const char* text : {"$", "$PORT", "a$ b", "$$$"}) {
    EXPECT_EQ(Substitute(text, Lookup).error(),
              "expected '${NAME}' after a '$'; write '$$' for a '$'");
  }
  EXPECT_EQ(Substitute("${}", Lookup).error(),
            "expected the name of an environment variable after '${', found ''");
  EXPECT_EQ(Substitute("${1A}", Lookup).error(),
            "expected the name of an environment variable after '${', found '1A'");
  EXPECT_EQ(Substitute("${A-B:-c}", Lookup).error(),
            "expected the name of an environment variable after '${', found 'A-B'");
}

}  // namespace
}  // namespace sluice::config
