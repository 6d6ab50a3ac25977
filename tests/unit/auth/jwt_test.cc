// Tokens that are good and those that are not; the scenario tests make more of them with another
// implementation (tests/scenario/auth.test.mjs).
#include "sluice/auth/jwt.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "sluice/base/base64.h"
#include "sluice/base/bytes.h"

namespace sluice::auth {
namespace {

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr WallTime kNow{std::chrono::seconds(1'000'000)};

std::string Encode(std::string_view text) {
  return base::EncodeBase64Url(base::AsBytes(text));
}

std::string Sign(const std::string& header, const std::string& claims) {
  const std::string text = Encode(header) + '.' + Encode(claims);
  unsigned char mac[32];
  HMAC(EVP_sha256(), kSecret, 32, base::AsBytes(text).data(), text.size(), mac, nullptr);
  return text + '.' + base::EncodeBase64Url(mac);
}

settings::JwtAuth Rules() {
  settings::JwtAuth rules;
  rules.algorithms = {JwtAlgorithm::kHs256};
  rules.leeway = base::Duration(10'000);
  return rules;
}

std::vector<JwtKey> Keys() {
  return {*SecretKey(kSecret)};
}

base::Result<Identity, std::string> Verify(const std::string& claims,
                                           const settings::JwtAuth& rules = Rules()) {
  return VerifyJwt(Sign(R"({"alg":"HS256"})", claims), Keys(), rules, kNow);
}

std::string Why(const std::string& claims, const settings::JwtAuth& rules = Rules()) {
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

TEST(JwtKeys, APublicKeyIsNoSecretWhereverItIs) {
  const std::vector<JwtAlgorithm> hs = {JwtAlgorithm::kHs256};
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n";
  for (const std::string before : {"", "\n", "\xef\xbb\xbf", "Bag Attributes\n  name: key\n"}) {
    const auto key = ParseKeyFile(before + pem, hs);
    ASSERT_FALSE(key) << before;
    EXPECT_EQ(key.error(), "is a key in PEM, not the secret of HS...");
  }
  const std::string encoded = base::EncodeBase64Url(base::AsBytes(pem));
  EXPECT_FALSE(ParseJwks(R"({"keys":[{"kty":"oct","k":")" + encoded + "\"}]}", hs));
}

/// Whether a JWK set with that key can be used.
bool IsUsable(const std::string& jwk, JwtAlgorithm algorithm) {
  return ParseJwks("{\"keys\":[{" + jwk + "}]}", {algorithm}).has_value();
}

class RsaJwkTest : public ::testing::Test {
 protected:
  RsaJwkTest() : key_(EVP_RSA_gen(2048), EVP_PKEY_free) {
    EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_RSA_N, &modulus);
  }
  ~RsaJwkTest() override { BN_free(modulus); }

  /// Whether a key with `modulus` and that exponent, in base64url, can be used.
  bool IsGood(const std::string& exponent = "AQAB") const {
    std::vector<uint8_t> bytes(static_cast<size_t>(BN_num_bytes(modulus)));
    BN_bn2bin(modulus, bytes.data());
    return IsUsable(
        R"("kty":"RSA","n":")" + base::EncodeBase64Url(bytes) + R"(","e":")" + exponent + '"',
        JwtAlgorithm::kRs256);
  }

  BIGNUM* modulus = nullptr;

 private:
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

TEST_F(RsaJwkTest, TheExponentIsOddAndAtLeastThree) {
  for (const char* const good : {"Aw", "EQ", "AQAB"}) EXPECT_TRUE(IsGood(good)) << good;
  for (const char* const bad : {"", "AA", "AQ", "Ag", "BA", "AQAA"}) {
    EXPECT_FALSE(IsGood(bad)) << bad;
  }
}

TEST_F(RsaJwkTest, TheModulusIsOddWithoutSmallFactorsAndOfASaneSize) {
  ASSERT_TRUE(IsGood());
  BN_sub_word(modulus, 1);
  EXPECT_FALSE(IsGood()) << "even";
  BN_add_word(modulus, 1);
  BN_mul_word(modulus, 3);
  EXPECT_FALSE(IsGood()) << "a multiple of three";
  BN_div_word(modulus, 3);
  EXPECT_TRUE(IsGood());
  BN_rshift(modulus, modulus, 8);
  BN_set_bit(modulus, 0);
  EXPECT_FALSE(IsGood()) << "2040 bits";
  BN_one(modulus);
  BN_set_bit(modulus, 16'384);
  EXPECT_FALSE(IsGood()) << "16385 bits";
}

TEST(Jwks, KeyOpsMustHaveVerify) {
  const std::string key =
      R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
  EXPECT_TRUE(IsUsable(key, JwtAlgorithm::kEdDsa));
  EXPECT_TRUE(IsUsable(key + R"(,"key_ops":["sign","verify"])", JwtAlgorithm::kEdDsa));
  for (const char* const operations : {"[]", R"(["sign"])", R"("verify")", "null", "[1]"}) {
    EXPECT_FALSE(IsUsable(key + ",\"key_ops\":" + operations, JwtAlgorithm::kEdDsa)) << operations;
  }
}

TEST(Jwks, PointsOfSmallOrderAreRefused) {
  const auto is_good = [](std::string point, const char* curve) {
    return IsUsable(R"("kty":"OKP","crv":")" + std::string(curve) + R"(","x":")" +
                        base::EncodeBase64Url(base::AsBytes(point)) + '"',
                    JwtAlgorithm::kEdDsa);
  };
  const auto point = [](uint8_t first, uint8_t middle, uint8_t last) {
    return std::string(1, static_cast<char>(first)) + std::string(30, static_cast<char>(middle)) +
           std::string(1, static_cast<char>(last));
  };
  ASSERT_TRUE(is_good(point(0x58, 0x66, 0x66), "Ed25519")) << "the base point";
  for (std::string bad :
       {point(0, 0, 0), point(1, 0, 0), point(0xec, 0xff, 0x7f), point(0xed, 0xff, 0x7f),
        point(0xee, 0xff, 0x7f),
        std::string("\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
                    "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"),
        std::string("\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
                    "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a")}) {
    EXPECT_FALSE(is_good(bad, "Ed25519")) << base::EncodeBase64Url(base::AsBytes(bad));
    bad.back() = static_cast<char>(bad.back() | 0x80);  // The sign of x.
    EXPECT_FALSE(is_good(bad, "Ed25519")) << base::EncodeBase64Url(base::AsBytes(bad));
  }
  EXPECT_FALSE(is_good(std::string(57, '\0'), "Ed448"));
  EXPECT_FALSE(is_good('\1' + std::string(56, '\0'), "Ed448"));
  const std::string high = std::string(27, '\xff') + '\xfe' + std::string(27, '\xff') + '\0';
  EXPECT_FALSE(is_good('\xfe' + high, "Ed448")) << "p - 1";
  EXPECT_FALSE(is_good('\xff' + high, "Ed448")) << "p";
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
