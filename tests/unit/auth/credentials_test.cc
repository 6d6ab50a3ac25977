#include "sluice/auth/credentials.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

using SourceKind = settings::TokenSource::Kind;

http::RequestHead Head(std::vector<http::Header> headers, std::string path = "/") {
  http::RequestHead head;
  head.path = std::move(path);
  head.headers = std::move(headers);
  return head;
}

/// The token; `-` if there is none, `?` if it cannot be read.
std::string Token(const http::RequestHead& head, const settings::TokenSource& source,
                  const settings::Match& match = {}) {
  const auto token = FindToken(head, match, {source});
  if (!token) return "-";
  return token->value.value_or("?");
}

TEST(FindBasic, UserAndPassword) {
  const auto found = FindBasic(Head({{"authorization", "bAsIc YTpiOmM="}}));
  ASSERT_TRUE(found && found->value);
  EXPECT_EQ(found->value->user, "a");
  EXPECT_EQ(found->value->password, "b:c");
  EXPECT_FALSE(FindBasic(Head({})));
  EXPECT_FALSE(FindBasic(Head({{"Authorization", "Bearer x"}})));
  for (const char* const bad : {"Basic", "Basic ", "Basic YQ==", "Basic YTpiAGM="}) {
    const auto fault = FindBasic(Head({{"Authorization", bad}}));
    EXPECT_TRUE(fault && !fault->value) << bad;
  }
  const auto twice =
      FindBasic(Head({{"Authorization", "Basic YTpi"}, {"Authorization", "Basic YTpi"}}));
  EXPECT_TRUE(twice && !twice->value);
}

TEST(FindToken, Headers) {
  EXPECT_EQ(Token(Head({{"Authorization", "bearer  x "}}), {SourceKind::kAuthorization}), "x");
  EXPECT_EQ(Token(Head({{"Authorization", "Bearer"}}), {SourceKind::kAuthorization}), "?");
  EXPECT_EQ(Token(Head({{"Authorization", "Bearers x"}}), {SourceKind::kAuthorization}), "-");
  const settings::TokenSource cookie{SourceKind::kCookie, "t"};
  EXPECT_EQ(Token(Head({{"Cookie", "a=t; t=x=y;tt=z"}}), cookie), "x=y");
  EXPECT_EQ(Token(Head({{"Cookie", "a=1"}, {"Cookie", "t=x"}}), cookie), "x");
  EXPECT_EQ(Token(Head({{"Cookie", "t=x"}, {"Cookie", "t=x"}}), cookie), "?");
  EXPECT_EQ(Token(Head({{"Cookie", "t="}}), cookie), "?");
  EXPECT_EQ(Token(Head({{"Cookie", "T=x; t"}}), cookie), "-");
}

TEST(FindToken, Query) {
  const auto token = [](const char* query) {
    auto head = Head({});
    head.query = query;
    return Token(head, {SourceKind::kQuery, "token"});
  };
  EXPECT_EQ(token("token=x"), "x");
  EXPECT_EQ(token("a&token=%41%2b+&b"), "A++");
  EXPECT_EQ(token("tokens=x&Token=y"), "-");
  EXPECT_EQ(token(""), "-");
  for (const char* const bad : {"token=", "token=%4", "token=%zz", "token=%", "token=x&token=x"}) {
    EXPECT_EQ(token(bad), "?") << bad;
  }
}

TEST(FindToken, PathAndHost) {
  const settings::Match match{"*.lab.test", {true, "/vnc"}};
  EXPECT_EQ(Token(Head({}, "/vnc/x"), {SourceKind::kPath}, match), "x");
  EXPECT_EQ(Token(Head({}, "/vnc/x/y"), {SourceKind::kPath}, match), "x");
  EXPECT_EQ(Token(Head({}, "/vnc"), {SourceKind::kPath}, match), "-");
  EXPECT_EQ(Token(Head({}, "/vnc//x"), {SourceKind::kPath}, match), "-");
  EXPECT_EQ(Token(Head({}, "/vnc"), {SourceKind::kPath}, {"", {false, "/vnc"}}), "-");
  EXPECT_EQ(Token(Head({}, "/x"), {SourceKind::kPath}, {"", {true, ""}}), "x");
  const settings::Match captures{"", {true, "/kc/{a}", {{false, "kc"}, {true, "a"}}}};
  EXPECT_EQ(Token(Head({}, "/kc/long-one/x/y"), {SourceKind::kPath}, captures), "x");
  EXPECT_EQ(Token(Head({}, "/kc/a"), {SourceKind::kPath}, captures), "-");
  const auto host = [](const char* name, const settings::Match& of) {
    auto head = Head({});
    head.host = name;
    return Token(head, {SourceKind::kHost}, of);
  };
  EXPECT_EQ(host("A.B.lab.test:80", match), "a.b");
  EXPECT_EQ(host("a.lab.test.", match), "a");
  EXPECT_EQ(host("a.test:80", {}), "a.test");
  EXPECT_EQ(host("[::1]:80", {}), "[::1]");
  EXPECT_EQ(host("[::1]", {}), "[::1]");
}

TEST(FindToken, Subprotocol) {
  const auto token = [](const char* offers) {
    return Token(Head({{"Sec-WebSocket-Protocol", offers}}), {SourceKind::kSubprotocol});
  };
  EXPECT_EQ(token("bearer, x"), "x");
  EXPECT_EQ(token("mqtt, bearer, x, y"), "x");
  EXPECT_EQ(token("mqtt, bearer"), "?");
  EXPECT_EQ(token("mqtt"), "-");
  EXPECT_EQ(WithoutBearer("mqtt, bearer, x, y"), "mqtt, y");
  EXPECT_EQ(WithoutBearer("bearer, x"), "bearer");
  EXPECT_EQ(WithoutBearer("bearer, x, mqtt"), "mqtt");
  EXPECT_EQ(WithoutBearer("mqtt"), "mqtt");
  EXPECT_EQ(WithoutBearer(""), "");
}

}  // namespace
}  // namespace sluice::auth
