// Keys that verify JSON Web Tokens: from PEM, a secret, or a JWK set (RFC 7517). Pure; OpenSSL does
// the arithmetic.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/auth.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY.

namespace sluice::auth {

using settings::JwtAlgorithm;

std::string_view NameOf(JwtAlgorithm algorithm);
std::optional<JwtAlgorithm> AlgorithmNamed(std::string_view name);

/// A secret, or a public key. Immutable, so thread-safe.
class JwtKey {
 public:
  /// Returns true if `algorithm` can use the key: its type matches, and the curve of an EC key.
  bool Fits(JwtAlgorithm algorithm) const;
  /// Returns true if `signature`, in the form of a token, is valid for `text`. The key must fit the
  /// algorithm.
  bool Verifies(JwtAlgorithm algorithm, std::string_view text, std::string_view signature) const;

  std::optional<std::string> id;          ///< `kid`
  std::optional<JwtAlgorithm> algorithm;  ///< `alg`: the only algorithm of the key

 private:
  friend base::Result<JwtKey, std::string> SecretKey(std::string secret);
  friend base::Result<JwtKey, std::string> PublicKey(evp_pkey_st* key);

  std::string secret_;
  std::shared_ptr<evp_pkey_st> public_key_;
};

/// Creates a key from a secret of at least 32 bytes, as RFC 7518 section 3.2 requires for HS256. A
/// key in PEM is refused.
base::Result<JwtKey, std::string> SecretKey(std::string secret);

/// Wraps a public key, and takes ownership of it. The key must be valid, and an RSA key must have
/// 2048 bits or more (section 3.3).
base::Result<JwtKey, std::string> PublicKey(evp_pkey_st* key);

/// Parses a `key_file`: a public key or a certificate in PEM, or for HS... the secret itself,
/// without line breaks at its end.
base::Result<JwtKey, std::string> ParseKeyFile(std::string_view text,
                                               const std::vector<JwtAlgorithm>& algorithms);

/// Parses a JWK set. Returns at least one key: those for signatures with one of `algorithms`. Other
/// keys are ignored.
base::Result<std::vector<JwtKey>, std::string> ParseJwks(
    std::string_view text, const std::vector<JwtAlgorithm>& algorithms);

}  // namespace sluice::auth
