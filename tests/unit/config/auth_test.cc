// The section `auth`: what becomes of a good one, and that no bad one leaves a door open.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = settings::TokenSource::Kind;

LoadResult LoadAuth(const std::string& text) {
  return LoadString(text, "dir/f", [](const std::string&) { return std::nullopt; });
}

std::string WithAuth(const std::string& auth, const std::string& backend = "a:1") {
  return "listeners: [1]\nadmin: {address: 127.0.0.1:2, token_file: t}\n"
         "routes:\n  - name: a\n    match: {path: /a}\n    backend: " +
         backend + "\n    auth: " + auth +
         "\n  - {name: b, match: {path: /b}, backend: a:1, auth: {ticket: true}}\n";
}

std::vector<settings::AuthMethod> Methods(const std::string& auth) {
  const auto loaded = LoadAuth(WithAuth(auth));
  EXPECT_TRUE(loaded) << loaded.error().front().ToString();
  return loaded ? loaded->config.routes[0].options.auth : std::vector<settings::AuthMethod>();
}

/// The first error, without its place and the source.
std::string Error(const std::string& text) {
  const auto loaded = LoadAuth(text);
  EXPECT_FALSE(loaded) << text;
  return loaded ? "" : loaded.error().front().message;
}

std::string ErrorOf(const std::string& auth) {
  return Error(WithAuth(auth));
}

TEST(AuthSection, Methods) {
  const auto methods = Methods(
      "[{basic: {users_file: users, realm: lab}}, {token: {file: /t, from: [path, 'cookie:a']}},"
      " {client_certificate: true, ticket: {from: subprotocol}}]");
  ASSERT_EQ(methods.size(), 4U);
  EXPECT_EQ(std::get<settings::BasicAuth>(methods[0]), (settings::BasicAuth{"dir/users", "lab"}));
  settings::TokenAuth token;
  token.file = "/t";
  token.from = {{Kind::kPath}, {Kind::kCookie, "a"}};
  EXPECT_EQ(std::get<settings::TokenAuth>(methods[1]), token);
  EXPECT_EQ(std::get<settings::CertificateAuth>(methods[2]), settings::CertificateAuth());
  EXPECT_EQ(std::get<settings::TicketAuth>(methods[3]),
            (settings::TicketAuth{{{Kind::kSubprotocol}}}));
}

TEST(AuthSection, Jwt) {
  const auto methods = Methods(
      "{jwt: {algorithms: [RS256, EdDSA], jwks_file: k, issuer: us, audience: [a, b], leeway: 5s,"
      " require_expiry: false, user: name, server: host, claims: {role: admin, level: [1, 2]},"
      " from: 'query:jwt'}}");
  ASSERT_EQ(methods.size(), 1U);
  settings::JwtAuth jwt;
  jwt.algorithms = {settings::JwtAlgorithm::kRs256, settings::JwtAlgorithm::kEdDsa};
  jwt.jwks_file = "dir/k";
  jwt.issuer = "us";
  jwt.audience = {"a", "b"};
  jwt.leeway = 5s;
  jwt.require_expiry = false;
  jwt.user = "name";
  jwt.server = "host";
  jwt.claims = {{"role", {"admin"}}, {"level", {"1", "2"}}};
  jwt.from = {{Kind::kQuery, "jwt"}};
  EXPECT_EQ(std::get<settings::JwtAuth>(methods[0]), jwt);
}

TEST(AuthSection, IsReplacedAsAWhole) {
  const auto loaded = LoadAuth(
      "listeners: [1]\ndefaults: {auth: {client_certificate: true}}\nroutes:\n"
      "  - {name: a, match: {path: /a}, backend: a:1}\n"
      "  - {name: b, match: {path: /b}, backend: a:1, auth: none}\n"
      "  - {name: c, match: {path: /c}, backend: a:1, auth: {basic: {users_file: u}}}\n");
  ASSERT_TRUE(loaded);
  const auto& routes = loaded->config.routes;
  EXPECT_EQ(routes[0].options.auth.size(), 1U);
  EXPECT_THAT(routes[1].options.auth, IsEmpty());
  EXPECT_EQ(routes[2].options.auth.size(), 1U);
}

TEST(AuthSection, AnEmptyOrMisspeltOneIsAnError) {
  const std::string expected =
      "auth: expected one or more of the keys 'basic', 'jwt', 'token', 'ticket' and "
      "'client_certificate', or the word 'none'";
  EXPECT_EQ(ErrorOf(""), expected);
  EXPECT_EQ(ErrorOf("{}"), expected);
  EXPECT_EQ(ErrorOf("[{}]"), expected);
  EXPECT_EQ(ErrorOf("~"), expected);
  EXPECT_EQ(ErrorOf("[]"), "auth: expected a list of one or more methods, found an empty list");
  EXPECT_EQ(ErrorOf("off"), expected + ", found 'off'");
  EXPECT_EQ(ErrorOf("{basik: {users_file: u}}"), "unknown key 'basik'; did you mean 'basic'?");
  EXPECT_EQ(ErrorOf("{basic: }"), "basic: missing key 'users_file'");
  EXPECT_EQ(ErrorOf("{ticket: false}"), "ticket: expected 'true' or a mapping, found 'false'");
  EXPECT_EQ(ErrorOf("{ticket: }"), "ticket: expected 'true' or a mapping with one key or more");
  EXPECT_EQ(ErrorOf("{client_certificate: {names: []}}"),
            "names: expected a list of one or more names, found an empty list");
  EXPECT_EQ(Error("listeners: [1]\nroutes: [{name: a, match: {path: /a}, backend: a:1, "
                  "aut: {ticket: true}}]\n"),
            "unknown key 'aut'; did you mean 'auth'?");
}

TEST(AuthSection, OfWrongJwts) {
  EXPECT_EQ(ErrorOf("{jwt: {key_file: k}}"), "jwt: missing key 'algorithms'");
  EXPECT_EQ(ErrorOf("{jwt: {algorithms: [ES256]}}"),
            "jwt: expected either 'key_file' or 'jwks_file'");
  EXPECT_EQ(ErrorOf("{jwt: {algorithms: [ES256], key_file: k, jwks_file: k}}"),
            "jwt: expected either 'key_file' or 'jwks_file'");
  EXPECT_EQ(ErrorOf("{jwt: {algorithms: [none], key_file: k}}").substr(0, 24),
            "algorithms: unknown algo");
  EXPECT_EQ(ErrorOf("{jwt: {algorithms: [HS256, RS256], key_file: k}}"),
            "jwt: the algorithms HS... have a secret, and the others a public key; write two "
            "methods, each with its algorithms");
}

TEST(AuthSection, OfWrongTokens) {
  EXPECT_EQ(ErrorOf("{token: {from: path}}"),
            "token: expected one of 'file', 'directory' and 'redis'");
  EXPECT_EQ(ErrorOf("{token: {file: a, directory: b}}"),
            "token: expected one of 'file', 'directory' and 'redis'");
  EXPECT_EQ(ErrorOf("{token: {file: a, from: query}}"),
            "from: expected 'authorization', 'subprotocol', 'path', 'host', 'query:NAME' or "
            "'cookie:NAME', found 'query'");
  EXPECT_EQ(ErrorOf("{token: {file: a, from: [path, path]}}"), "from: is in the list twice");
  EXPECT_EQ(ErrorOf("{token: {redis: {prefix: a}}}"), "redis: missing key 'server'");
}

TEST(AuthSection, OfServersAndTicketsThatNobodyNames) {
  EXPECT_EQ(Error(WithAuth("{basic: {users_file: u}}", "{from: token}")),
            "backend: nothing names the server: the route's 'auth' needs 'token', 'ticket' or a "
            "'jwt' with 'server'");
  EXPECT_EQ(Error(WithAuth("{ticket: true}", "{from: claims}")),
            "from: expected 'token', found 'claims'");
  EXPECT_EQ(Error("listeners: [1]\nadmin: {address: 127.0.0.1:2}\nroutes: [{name: a, match: "
                  "{path: /a}, backend: a:1, auth: {ticket: true}}]\n"),
            "admin: a route takes tickets; expected an 'admin' with a 'token_file', which hands "
            "them out");
}

TEST(AuthFailuresSection, Values) {
  const auto read = [](const std::string& text) {
    const auto loaded = LoadAuth(WithAuth("none") + "auth_failures: " + text + "\n");
    EXPECT_TRUE(loaded) << loaded.error().front().ToString();
    return loaded ? loaded->config.auth_failures : settings::AuthFailures();
  };
  EXPECT_EQ(read("{limit: 3, window: 2m}").limit, 3U);
  EXPECT_EQ(read("{limit: 3, window: 2m}").window, 2min);
  EXPECT_EQ(read("{}").limit, 10U);
  EXPECT_EQ(read("off").limit, 0U);
  EXPECT_EQ(Error(WithAuth("none") + "auth_failures: no\n"),
            "auth_failures: expected 'off' or a mapping, found 'no'");
}

}  // namespace
}  // namespace sluice::config
