// Tokens that are good and those that are not; the scenario tests make more of them with another
// implementation (tests/scenario/auth.test.mjs).
#include "sluice/auth/jwt.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "sluice/base/bytes.h"

#include "auth/base64.h"

namespace sluice::auth {
namespace {

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr WallTime kNow{std::chrono::seconds(1'000'000)};

std::string Encode(std::string_view text) {
  return EncodeBase64Url(base::AsBytes(text));
}

std::string Sign(const std::string& header, const std::string& claims) {
  const std::string text = Encode(header) + '.' + Encode(claims);
  unsigned char mac[32];
  HMAC(EVP_sha256(), kSecret, 32, base::AsBytes(text).data(), text.size(), mac, nullptr);
  return text + '.' + EncodeBase64Url(mac);
}

config::JwtAuth Rules() {
  config::JwtAuth rules;
  rules.algorithms = {JwtAlgorithm::kHs256};
  rules.leeway = base::Duration(10'000);
  return rules;
}

std::vector<JwtKey> Keys() {
  return {*SecretKey(kSecret)};
}

base::Result<Identity, std::string> Verify(const std::string& claims,
                                           const config::JwtAuth& rules = Rules()) {
  return VerifyJwt(Sign(R"({"alg":"HS256"})", claims), Keys(), rules, kNow);
}

std::string Why(const std::string& claims, const config::JwtAuth& rules = Rules()) {
  const auto identity = Verify(claims, rules);
  EXPECT_FALSE(identity) << claims;
  return identity ? "" : identity.error();
}

TEST(Jwt, ValuesOfClaims) {
  const auto identity =
      Verify(R"({"exp":1000100,"sub":"anna","level":3,"roles":["a",1,true,null,["x"]],"o":{}})");
  ASSERT_TRUE(identity) << identity.error();
  using Values = std::vector<std::string>;
  EXPECT_EQ(identity->ValuesOf("sub"), Values{"anna"});
  EXPECT_EQ(identity->ValuesOf("level"), Values{"3"});
  EXPECT_EQ(identity->ValuesOf("roles"), (Values{"a", "1", "true"}));
  EXPECT_EQ(identity->ValuesOf("o"), Values());
  EXPECT_EQ(identity->ValuesOf("other"), Values());
}

TEST(Jwt, OfTheRfc) {
  // RFC 7515 appendix A.1.
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const auto key = ParseJwks(
      R"({"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]})",
      {JwtAlgorithm::kHs256});
  ASSERT_TRUE(key);
  const auto identity = VerifyJwt(token, *key, Rules(), kNow);
  ASSERT_TRUE(identity) << identity.error();
  EXPECT_EQ(identity->claims.at("iss"), "joe");
  EXPECT_EQ(identity->claims.at("http://example.com/is_root"), "true");
}

TEST(Jwt, EdDsaOfTheRfc) {
  // RFC 8037 appendix A.4; its payload is no JSON object, so that this far it comes and no further.
  const auto keys = ParseJwks(
      R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})",
      {JwtAlgorithm::kEdDsa});
  ASSERT_TRUE(keys) << keys.error();
  auto rules = Rules();
  rules.algorithms = {JwtAlgorithm::kEdDsa};
  const auto identity = VerifyJwt(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
      *keys, rules, kNow);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error(), "its claims are not a JSON object");
}

TEST(Jwt, Times) {
  EXPECT_EQ(Verify(R"({"exp":1000001})")->expires, WallTime(std::chrono::seconds(1'000'011)));
  EXPECT_TRUE(Verify(R"({"exp":999991})"));
  EXPECT_EQ(Why(R"({"exp":999990})"), "it has expired");
  EXPECT_TRUE(Verify(R"({"exp":1000001.9,"nbf":1000010})"));
  EXPECT_EQ(Why(R"({"exp":2000000,"nbf":1000011})"), "it is not valid yet");
  EXPECT_EQ(Why("{}"), "it has no 'exp'");
  EXPECT_EQ(Why(R"({"exp":-1})"), "its 'exp' is not a time");
  EXPECT_EQ(Why(R"({"exp":1e400})"), "its claims are not a JSON object");
  EXPECT_EQ(Why(R"({"exp":null})"), "its 'exp' is not a time");
  auto rules = Rules();
  rules.require_expiry = false;
  EXPECT_EQ(Verify("{}", rules)->expires, std::nullopt);
}

TEST(Jwt, Audiences) {
  EXPECT_EQ(Why(R"({"exp":2000000,"aud":"us"})"),
            "it is for an audience, and 'audience' is not set");
  auto rules = Rules();
  rules.audience = {"us"};
  EXPECT_TRUE(Verify(R"({"exp":2000000,"aud":["them","us"]})", rules));
  EXPECT_EQ(Why(R"({"exp":2000000,"aud":{"us":1}})", rules), "it is for another audience");
  EXPECT_EQ(Why(R"({"exp":2000000,"aud":[["us"]]})", rules), "it is for another audience");
}

TEST(Jwt, NamesThatStandTwice) {
  EXPECT_EQ(Why(R"({"exp":2000000,"sub":"a","sub":"b"})"), "its claims are not a JSON object");
  EXPECT_EQ(Why(R"({"exp":2000000,"x":{"a":1,"a":1}})"), "its claims are not a JSON object");
  EXPECT_TRUE(Verify(R"({"exp":2000000,"x":{"a":1},"y":{"a":1}})"));
  const auto header = VerifyJwt(Sign(R"({"alg":"HS256","alg":"HS256"})", R"({"exp":2000000})"),
                                Keys(), Rules(), kNow);
  EXPECT_FALSE(header);
}

TEST(Jwt, Servers) {
  auto rules = Rules();
  rules.server = "host";
  const auto server = [&rules](const std::string& claims) {
    const auto identity = Verify(R"({"exp":2000000,)" + claims + "}", rules);
    return identity ? identity->server->ToString() : identity.error();
  };
  EXPECT_EQ(server(R"("host":"db:5432")"), "db:5432");
  EXPECT_EQ(server(R"("host":"db","port":5432)"), "db:5432");
  EXPECT_EQ(server(R"("host":"db","port":"5432")"), "db:5432");
  EXPECT_EQ(server(R"("host":"db")"), "the server that it names is not host:port");
  EXPECT_EQ(server(R"("host":"unix:/x")"), "the server that it names is not host:port");
  EXPECT_EQ(server(R"("host":"builtin:echo")"), "the server that it names is not host:port");
  EXPECT_EQ(server(R"("host":1)"), "it names no server");
}

TEST(JwtKeys, WeakAndWrongOnes) {
  EXPECT_FALSE(SecretKey("0123456789abcdef0123456789abcde"));
  const std::vector<JwtAlgorithm> es = {JwtAlgorithm::kEs256};
  EXPECT_FALSE(ParseKeyFile("-----BEGIN PUBLIC KEY-----\n", es));
  EXPECT_FALSE(ParseKeyFile(kSecret, es));
  EXPECT_FALSE(
      ParseKeyFile("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hc"
                   "vPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
                   es));
  EXPECT_FALSE(
      ParseKeyFile("-----BEGIN PUBLIC KEY-----\n" + std::string(40, 'A'), {JwtAlgorithm::kHs256}));
  EXPECT_TRUE(ParseKeyFile(std::string(kSecret) + "\n", {JwtAlgorithm::kHs256}));
  for (const char* const text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[1]})",
        R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})",
        R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})", R"({"keys":[{"kty":"RSA"}]})",
        R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]})", R"({"keys":[{"kty":"what"}]})"}) {
    EXPECT_FALSE(ParseJwks(text, {JwtAlgorithm::kEs256, JwtAlgorithm::kRs256})) << text;
  }
}

}  // namespace
}  // namespace sluice::auth
