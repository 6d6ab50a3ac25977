// Keys that JSON Web Tokens are verified with: from PEM, a secret, or a JWK set (RFC 7517). Pure;
// OpenSSL does the arithmetic.
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
  /// Whether the key is of the kind that `algorithm` takes, an EC key also of its curve.
  bool Fits(JwtAlgorithm algorithm) const;
  /// Whether `signature`, as a token has it, is that of `text`. Only if it fits.
  bool Verifies(JwtAlgorithm algorithm, std::string_view text, std::string_view signature) const;

  std::optional<std::string> id;          ///< `kid`
  std::optional<JwtAlgorithm> algorithm;  ///< `alg`: the key is for no other

 private:
  friend base::Result<JwtKey, std::string> SecretKey(std::string secret);
  friend base::Result<JwtKey, std::string> PublicKey(evp_pkey_st* key);

  std::string secret_;
  std::shared_ptr<evp_pkey_st> public_key_;
};

/// At least 32 bytes, as RFC 7518 section 3.2 asks of HS256, and no key in PEM.
base::Result<JwtKey, std::string> SecretKey(std::string secret);

/// Takes the key over. RSA has at least 2048 bits (section 3.3), and the numbers make a sound key.
base::Result<JwtKey, std::string> PublicKey(evp_pkey_st* key);

/// What a `key_file` holds: a public key or a certificate in PEM, or for HS... the secret itself,
/// line breaks at its end not counted.
base::Result<JwtKey, std::string> ParseKeyFile(std::string_view text,
                                               const std::vector<JwtAlgorithm>& algorithms);

/// The keys of a set that sign and fit one of `algorithms`; the others are somebody else's. At
/// least one.
base::Result<std::vector<JwtKey>, std::string> ParseJwks(
    std::string_view text, const std::vector<JwtAlgorithm>& algorithms);

}  // namespace sluice::auth
