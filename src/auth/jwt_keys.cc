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

namespace sluice::auth {
namespace {

constexpr size_t kLeastSecret = 32;
constexpr int kLeastRsaBits = 2048;

enum class Family : uint8_t { kHmac, kRsa, kEc, kEdwards };

struct AlgorithmInfo {
  std::string_view name;
  Family family;
  const char* digest;
  const char* curve;
  size_t coordinate;  // Bytes of each of the two numbers of an EC signature.
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

template <auto free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};

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

/// The DER form of a signature that is two numbers of fixed size (RFC 7518 section 3.4).
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
  // RSA's padding is that of PKCS #1 version 1.5 unless told otherwise, as RS... has it.
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
  if (EVP_PKEY_get_base_id(public_key) == EVP_PKEY_RSA &&
      EVP_PKEY_get_bits(public_key) < kLeastRsaBits) {
    return base::Unexpected(std::string("has an RSA key of less than 2048 bits"));
  }
  return key;
}

base::Result<JwtKey, std::string> ParseKeyFile(std::string_view text,
                                               const std::vector<JwtAlgorithm>& algorithms) {
  const bool is_pem = text.starts_with("-----BEGIN ");
  if (InfoOf(algorithms.front()).family == Family::kHmac) {
    if (is_pem) return base::Unexpected(std::string("is a key in PEM, not the secret of HS..."));
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
