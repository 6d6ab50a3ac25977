// JWK sets: the public keys or the secrets of the issuer of tokens (RFC 7517, RFC 7518 section 6,
// RFC 8037).
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "sluice/auth/jwt_keys.h"
#include "sluice/base/base64.h"

#include "auth/json.h"

namespace sluice::auth {
namespace {

using nlohmann::json;
using Key = base::Result<JwtKey, std::string>;

struct Free {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

base::Unexpected<std::string> Fail(const char* why) {
  return base::Unexpected(std::string(why));
}

std::string TextOf(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

/// Returns the decoded bytes of a member; empty if there is none, or if it is malformed.
std::string BytesOf(const json& object, const char* name) {
  return base::DecodeBase64Url(TextOf(object, name)).value_or("");
}

Key FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool is_made =
      params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  ERR_clear_error();
  if (!is_made) return Fail("is no valid key");
  return PublicKey(key);
}

Key RsaKey(const json& jwk) {
  const auto number = [&jwk](const char* name) {
    const std::string bytes = BytesOf(jwk, name);
    return Owned<BIGNUM>(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()), nullptr));
  };
  const auto n = number("n");
  const auto e = number("e");
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return FromParams("RSA", builder.get());
}

Key EcKey(const json& jwk) {
  struct Curve {
    std::string_view name;
    const char* group;
    size_t coordinate;
  };
  constexpr std::array<Curve, 3> kCurves = {
      {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}}};
  const std::string name = TextOf(jwk, "crv");
  const auto curve = std::find_if(kCurves.begin(), kCurves.end(),
                                  [&name](const Curve& known) { return known.name == name; });
  if (curve == kCurves.end()) return Fail("is on an unknown curve");
  const std::string x = BytesOf(jwk, "x");
  const std::string y = BytesOf(jwk, "y");
  if (x.size() != curve->coordinate || y.size() != curve->coordinate) {
    return Fail("has coordinates of the wrong size");
  }
  const std::string point = '\4' + x + y;  // Uncompressed.
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return FromParams("EC", builder.get());
}

Key EdwardsKey(const json& jwk) {
  const std::string curve = TextOf(jwk, "crv");
  if (curve != "Ed25519" && curve != "Ed448") return Fail("is on an unknown curve");
  const std::string x = BytesOf(jwk, "x");
  EVP_PKEY* const key =
      EVP_PKEY_new_raw_public_key(curve == "Ed25519" ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr,
                                  reinterpret_cast<const unsigned char*>(x.data()), x.size());
  ERR_clear_error();
  if (key == nullptr) return Fail("is no valid key");
  return PublicKey(key);
}

Key KeyOf(const json& jwk) {
  const std::string type = TextOf(jwk, "kty");
  if (type == "RSA") return RsaKey(jwk);
  if (type == "EC") return EcKey(jwk);
  if (type == "OKP") return EdwardsKey(jwk);
  if (type == "oct") return SecretKey(BytesOf(jwk, "k"));
  return Fail("is of an unknown type");
}

/// Returns true if `key_ops` contains `verify` (RFC 7517 section 4.3).
bool MayVerify(const json& operations) {
  return operations.is_array() &&
         std::find(operations.begin(), operations.end(), "verify") != operations.end();
}

/// Returns true if a key is for signatures with one of our algorithms (section 4).
bool IsForUs(const json& jwk, const std::vector<JwtAlgorithm>& algorithms) {
  if (!jwk.is_object()) return false;
  if (jwk.contains("use") && TextOf(jwk, "use") != "sig") return false;
  if (jwk.contains("key_ops") && !MayVerify(jwk.at("key_ops"))) return false;
  if (!jwk.contains("alg")) return true;
  const auto algorithm = AlgorithmNamed(TextOf(jwk, "alg"));
  return algorithm &&
         std::find(algorithms.begin(), algorithms.end(), *algorithm) != algorithms.end();
}

}  // namespace

base::Result<std::vector<JwtKey>, std::string> ParseJwks(
    std::string_view text, const std::vector<JwtAlgorithm>& algorithms) {
  const auto set = ParseObject(text);
  if (!set || !set->contains("keys") || !set->at("keys").is_array()) {
    return Fail("is not a JWK set, {\"keys\": [...]}");
  }
  std::vector<JwtKey> keys;
  size_t number = 0;
  for (const json& jwk : set->at("keys")) {
    ++number;
    if (!IsForUs(jwk, algorithms)) continue;
    auto key = KeyOf(jwk);
    if (!key) return base::Unexpected("key " + std::to_string(number) + " " + key.error());
    if (jwk.contains("kid")) key->id = TextOf(jwk, "kid");
    if (jwk.contains("alg")) key->algorithm = AlgorithmNamed(TextOf(jwk, "alg"));
    const auto fits = [&key](JwtAlgorithm algorithm) { return key->Fits(algorithm); };
    if (std::any_of(algorithms.begin(), algorithms.end(), fits)) keys.push_back(*std::move(key));
  }
  if (keys.empty()) return Fail("has no key that signs with one of 'algorithms'");
  return keys;
}

}  // namespace sluice::auth
