// The grammar of Sec-WebSocket-Extensions: what is read, and what must fail the handshake.
#include "sluice/websocket/extensions.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "seed.h"

namespace sluice::websocket {
namespace {

// `name(parameter=value,...)` for each extension; a parameter without a value has no '='.
std::string Shown(std::string_view header) {
  const auto extensions = ParseExtensions(header);
  if (!extensions) return "error: " + extensions.error();
  std::string shown;
  for (const Extension& extension : *extensions) {
    shown.append(shown.empty() ? "" : " ").append(extension.name);
    for (const auto& [name, value] : extension.parameters) {
      shown.append(1, ';').append(name);
      if (value) shown.append("=").append(*value);
    }
  }
  return shown;
}

TEST(ParseExtensionsTest, WhatTheClientsSend) {
  EXPECT_EQ(Shown(""), "");
  EXPECT_EQ(Shown("permessage-deflate; client_max_window_bits"),  // Chromium, ws, websockets.
            "permessage-deflate;client_max_window_bits");
  EXPECT_EQ(Shown("permessage-deflate"), "permessage-deflate");  // Firefox.
  EXPECT_EQ(Shown("permessage-deflate; server_no_context_takeover; server_max_window_bits=10, "
                  "permessage-deflate; client_no_context_takeover, permessage-deflate"),
            "permessage-deflate;server_no_context_takeover;server_max_window_bits=10 "
            "permessage-deflate;client_no_context_takeover permessage-deflate");
  EXPECT_EQ(Shown("x-webkit-deflate-frame"), "x-webkit-deflate-frame");
  // Of RFC 6455 section 9.1.
  EXPECT_EQ(Shown("foo, bar; baz=2"), "foo bar;baz=2");
}

TEST(ParseExtensionsTest, SpaceAndEmptyElements) {
  EXPECT_EQ(Shown(" \ta ; b\t= c ;d=\"e\" , f\t"), "a;b=c;d=e f");
  EXPECT_EQ(Shown(",, a,,b ,"), "a b");
  EXPECT_EQ(Shown(", ,\t,"), "");
  EXPECT_EQ(Shown("\t"), "");
  EXPECT_EQ(Shown("a;b=c;b"), "a;b=c;b");
}

TEST(ParseExtensionsTest, QuotedStrings) {
  EXPECT_EQ(Shown(R"(a; b="10")"), "a;b=10");
  EXPECT_EQ(Shown(R"(a; b="\1\0", c)"), "a;b=10 c");
  EXPECT_EQ(Shown(R"(a; b="!#$%&'*+-.^_`|~")"), "a;b=!#$%&'*+-.^_`|~");
}

TEST(ParseExtensionsTest, WhatBreaksTheGrammar) {
  const std::string start = "error: Sec-WebSocket-Extensions ";
  const std::string no_name = start + "has no token where an extension should be";
  const std::string no_parameter = start + "lacks a parameter's name behind a ';'";
  const std::string no_value = start + "lacks a value behind a '='";
  const std::string not_ended = start + "has a quoted string without an end";
  const std::string no_token = start + "has quotes around what is no token";
  const std::string stray = start + "has something other than ',' or ';' behind a word";
  const struct {
    std::string_view header;
    const std::string& error;
  } kCases[] = {
      {";", no_name},
      {"=", no_name},
      {"\"a\"", no_name},
      {"a, ;b", no_name},
      {"a/b", no_name},
      {"\xc3\xa4", no_name},
      {std::string_view("a\0b", 3), no_name},
      {"a;", no_parameter},
      {"a; ", no_parameter},
      {"a;;b", no_parameter},
      {"a;,b", no_parameter},
      {"a;=b", no_parameter},
      {"a;\"b\"", no_parameter},
      {"a;b[]", no_parameter},
      {"a;b=", no_value},
      {"a;b= ;c", no_value},
      {"a;b=,c", no_value},
      {"a;b==c", no_value},
      {"a;b=c/d", no_value},
      {"a;b=c\x7f", no_value},
      {"a;b=\"", not_ended},
      {"a;b=\"c", not_ended},
      {"a;b=\"c\\", not_ended},
      {"a;b=\"c\\\"", not_ended},
      {"a;b=\"\"", no_token},
      {"a;b=\"c d\"", no_token},
      {"a;b=\"c\\\"d\"", no_token},
      {"a;b=\" c\"", no_token},
      {"a;b=\"\xff\"", no_token},
      {"a b", stray},
      {"a\"b\"", stray},
      {"a=b", stray},
      {"a;b c", stray},
      {"a;b=c d", stray},
      {"a;b=\"c\"d", stray},
      {"a;b=\"c\"\"d\"", stray},
      {"a;b=c=d", stray},
      {"a, b c, d", stray},
  };
  for (const auto& [header, error] : kCases) EXPECT_EQ(Shown(header), error) << header;
}

class RandomExtensions : public test::Seeded {
 protected:
  std::string Token() {
    static constexpr std::string_view kCharacters = "abz09-_.!#$%&'*+^`|~";
    std::string token;
    do token += kCharacters[Between(0, kCharacters.size() - 1)];
    while (!OneIn(3));
    return token;
  }
  std::string Space() { return std::string(OneIn(2) ? 0 : Between(0, 2), OneIn(2) ? ' ' : '\t'); }

  std::string Quoted(std::string_view token) {
    std::string quoted = "\"";
    for (const char c : token) quoted.append(OneIn(3) ? "\\" : "").append(1, c);
    return quoted + '"';
  }
};

// Builds a header together with what should be read from it.
TEST_F(RandomExtensions, AreReadAsTheyWereWritten) {
  for (int round = 0; round < 2000; ++round) {
    std::string header = Space();
    std::string expected;
    for (uint64_t extensions = Between(0, 4); extensions > 0; --extensions) {
      std::string token = Token();
      header += token + Space();
      expected.append(expected.empty() ? "" : " ").append(token);
      for (uint64_t parameters = Between(0, 3); parameters > 0; --parameters) {
        token = Token();
        header += ';' + Space() + token + Space();
        expected += ';' + token;
        if (OneIn(3)) continue;
        token = Token();
        header += '=' + Space() + (OneIn(2) ? Quoted(token) : token) + Space();
        expected += '=' + token;
      }
      if (extensions > 1 || OneIn(4)) header += std::string(Between(1, 2), ',') + Space();
    }
    ASSERT_EQ(Shown(header), expected) << header;
  }
}

}  // namespace
}  // namespace sluice::websocket
