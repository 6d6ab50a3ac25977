#include "sluice/auth/jwt_keys.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "sluice/base/bytes.h"
#include "sluice/base/free_with.h"

namespace sluice::auth {
namespace {

constexpr size_t kLeastSecret = 32;
constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 16'384;  // The limit of OpenSSL.

enum class Family : uint8_t { kHmac, kRsa, kEc, kEdwards };

struct AlgorithmInfo {
  std::string_view name;
  Family family;
  const char* digest;
  const char* curve;
  size_t coordinate;  // The bytes of each of the two numbers of an EC signature.
};

constexpr std::array<AlgorithmInfo, 10> kAlgorithms = {{
    {"HS256", Family::kHmac, "SHA256", nullptr, 0},
    {"HS384", Family::kHmac, "SHA384", nullptr, 0},
    {"HS512", Family::kHmac, "SHA512", nullptr, 0},
    {"RS256", Family::kRsa, "SHA256", nullptr, 0},
    {"RS384", Family::kRsa, "SHA384", nullptr, 0},
    {"RS512", Family::kRsa, "SHA512", nullptr, 0},
    {"ES256", Family::kEc, "SHA256", "prime256v1", 32},
    {"ES384", Family::kEc, "SHA384", "secp384r1", 48},
    {"ES512", Family::kEc, "SHA512", "secp521r1", 66},
    {"EdDSA", Family::kEdwards, nullptr, nullptr, 0},
}};

const AlgorithmInfo& InfoOf(JwtAlgorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)];
}

using base::FreeWith;
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;

const unsigned char* Data(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool VerifyHmac(const AlgorithmInfo& info, const std::string& secret, std::string_view text,
                std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned size = 0;
  const bool is_made =
      HMAC(EVP_get_digestbyname(info.digest), secret.data(), static_cast<int>(secret.size()),
           Data(text), text.size(), mac.data(), &size) != nullptr;
  return is_made && signature.size() == size &&
         CRYPTO_memcmp(mac.data(), signature.data(), size) == 0;
}

/// Converts a signature of two numbers of fixed size (RFC 7518 section 3.4) to DER.
std::string DerOf(std::string_view signature, size_t coordinate) {
  if (signature.size() != 2 * coordinate) return {};
  Signature numbers(ECDSA_SIG_new());
  const int size = static_cast<int>(coordinate);
  BIGNUM* const r = BN_bin2bn(Data(signature), size, nullptr);
  BIGNUM* const s = BN_bin2bn(Data(signature.substr(coordinate)), size, nullptr);
  if (!numbers || ECDSA_SIG_set0(numbers.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int der_size = i2d_ECDSA_SIG(numbers.get(), &der);
  if (der_size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(der_size));
  OPENSSL_free(der);
  return text;
}

bool VerifyPublic(const AlgorithmInfo& info, EVP_PKEY* key, std::string_view text,
                  std::string_view signature) {
  std::string der;
  if (info.family == Family::kEc) {
    der = DerOf(signature, info.coordinate);
    if (der.empty()) return false;
    signature = der;
  }
  const MdContext context(EVP_MD_CTX_new());
  // The default padding of RSA is PKCS #1 version 1.5, as in RS....
  const bool is_good = context &&
                       EVP_DigestVerifyInit_ex(context.get(), nullptr, info.digest, nullptr,
                                               nullptr, key, nullptr) == 1 &&
                       EVP_DigestVerify(context.get(), Data(signature), signature.size(),
                                        Data(text), text.size()) == 1;
  ERR_clear_error();
  return is_good;
}

bool IsOnCurve(const EVP_PKEY* key, std::string_view curve) {
  std::array<char, 64> name{};
  size_t size = 0;
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view(name.data(), size) == curve;
}

/// Returns true if the order of the point divides the curve's cofactor. For such a "key", anyone
/// can create signatures that are valid for many texts. `point` is the encoding of RFC 8032.
bool HasSmallOrder(std::string_view point, bool is_ed448) {
  // The coordinates y, little-endian; for Ed25519 also the two of order 8. A number that is not
  // reduced modulo p means the same.
  static constexpr std::string_view kOrder8[] = {
      "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
      "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
      "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
      "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"};
  std::string y(point);
  if (is_ed448) {
    y.pop_back();  // The sign of x.
  } else {
    y.back() = static_cast<char>(y.back() & 0x7f);
  }
  if (std::find(std::begin(kOrder8), std::end(kOrder8), y) != std::end(kOrder8)) return true;
  // p is 2^255 - 19, or 2^448 - 2^224 - 1. Orders 1, 2 and 4 are y = 1, -1 and 0.
  std::string prime(y.size(), '\xff');
  if (is_ed448) {
    prime[28] = '\xfe';
  } else {
    prime.front() = '\xed';
    prime.back() = '\x7f';
  }
  const auto plus = [](std::string number, int difference) {
    number.front() = static_cast<char>(number.front() + difference);
    return number;
  };
  const std::string zero(y.size(), '\0');
  return y == zero || y == plus(zero, 1) || y == plus(prime, -1) || y == prime ||
         y == (is_ed448 ? std::string(28, '\0') + std::string(28, '\xff') : plus(prime, 1));
}

bool HasSmallOrder(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind != EVP_PKEY_ED25519 && kind != EVP_PKEY_ED448) return false;
  std::array<unsigned char, 57> point;
  size_t size = point.size();
  if (EVP_PKEY_get_raw_public_key(key, point.data(), &size) != 1) return true;
  return HasSmallOrder({reinterpret_cast<const char*>(point.data()), size}, kind == EVP_PKEY_ED448);
}

/// Returns true if the numbers form a valid key: for RSA an odd modulus without small factors and
/// an odd exponent above 1, for EC a point on the curve.
bool IsSound(EVP_PKEY* key) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new(key, nullptr));
  const bool is_sound = context && EVP_PKEY_public_check(context.get()) == 1;
  ERR_clear_error();
  return is_sound;
}

}  // namespace

std::string_view NameOf(JwtAlgorithm algorithm) {
  return InfoOf(algorithm).name;
}

std::optional<JwtAlgorithm> AlgorithmNamed(std::string_view name) {
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [name](const auto& info) { return info.name == name; });
  if (found == kAlgorithms.end()) return std::nullopt;
  return static_cast<JwtAlgorithm>(found - kAlgorithms.begin());
}

bool JwtKey::Fits(JwtAlgorithm wanted) const {
  if (algorithm && *algorithm != wanted) return false;
  const AlgorithmInfo& info = InfoOf(wanted);
  if (info.family == Family::kHmac) return !secret_.empty();
  if (!public_key_) return false;
  switch (EVP_PKEY_get_base_id(public_key_.get())) {
    case EVP_PKEY_RSA:
      return info.family == Family::kRsa;
    case EVP_PKEY_EC:
      return info.family == Family::kEc && IsOnCurve(public_key_.get(), info.curve);
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
      return info.family == Family::kEdwards;
    default:
      return false;
  }
}

bool JwtKey::Verifies(JwtAlgorithm wanted, std::string_view text,
                      std::string_view signature) const {
  const AlgorithmInfo& info = InfoOf(wanted);
  if (info.family == Family::kHmac) return VerifyHmac(info, secret_, text, signature);
  return VerifyPublic(info, public_key_.get(), text, signature);
}

base::Result<JwtKey, std::string> SecretKey(std::string secret) {
  // A public key is not secret, wherever it is in the text.
  if (secret.find("-----BEGIN ") != secret.npos) {
    return base::Unexpected(std::string("is a key in PEM, not the secret of HS..."));
  }
  if (secret.size() < kLeastSecret) {
    return base::Unexpected(
        std::string("has a secret of less than 32 bytes, which can be guessed"));
  }
  JwtKey key;
  key.secret_ = std::move(secret);
  return key;
}

base::Result<JwtKey, std::string> PublicKey(EVP_PKEY* public_key) {
  JwtKey key;
  key.public_key_.reset(public_key, EVP_PKEY_free);
  if (EVP_PKEY_get_base_id(public_key) == EVP_PKEY_RSA) {
    const int bits = EVP_PKEY_get_bits(public_key);
    if (bits < kLeastRsaBits) {
      return base::Unexpected(std::string("has an RSA key of less than 2048 bits"));
    }
    if (bits > kMostRsaBits) {
      return base::Unexpected(std::string("has an RSA key of more than 16384 bits"));
    }
  }
  if (!IsSound(public_key)) {
    return base::Unexpected(std::string("has numbers that make no valid key"));
  }
  if (HasSmallOrder(public_key)) {
    return base::Unexpected(std::string("has a point of small order, which anyone can sign for"));
  }
  return key;
}

base::Result<JwtKey, std::string> ParseKeyFile(std::string_view text,
                                               const std::vector<JwtAlgorithm>& algorithms) {
  if (InfoOf(algorithms.front()).family == Family::kHmac) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    return SecretKey(std::string(text));
  }
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  EVP_PKEY* public_key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (public_key == nullptr) {
    const Bio again(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const Certificate certificate(PEM_read_bio_X509(again.get(), nullptr, nullptr, nullptr));
    if (certificate) public_key = X509_get_pubkey(certificate.get());
  }
  ERR_clear_error();
  if (public_key == nullptr) {
    return base::Unexpected(std::string("is neither a public key nor a certificate in PEM"));
  }
  auto key = PublicKey(public_key);
  if (!key) return key;
  const auto fits = [&key](JwtAlgorithm algorithm) { return key->Fits(algorithm); };
  if (std::none_of(algorithms.begin(), algorithms.end(), fits)) {
    return base::Unexpected(std::string("is a key of another kind than 'algorithms' take"));
  }
  return key;
}

}  // namespace sluice::auth
