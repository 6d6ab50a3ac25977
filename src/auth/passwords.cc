#include "sluice/auth/passwords.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <crypt.h>
#include <openssl/crypto.h>

#include "auth/entries.h"

namespace sluice::auth {
namespace {

struct HashKind {
  std::string_view prefix;
  size_t size;  // The length of the text after the last `$`.
};
constexpr std::array<HashKind, 6> kKinds = {
    {{"$2a$", 53}, {"$2b$", 53}, {"$2y$", 53}, {"$y$", 43}, {"$6$", 86}, {"$5$", 43}}};

bool IsHash(const std::string& text) {
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const HashKind& known) {
    return text.starts_with(known.prefix);
  });
  if (kind == kKinds.end() || text.size() - text.rfind('$') - 1 != kind->size) return false;
  const int check = crypt_checksalt(text.c_str());
  return check == CRYPT_SALT_OK || check == CRYPT_SALT_TOO_CHEAP;
}

// The text is not shown: it may be a password.
std::string DescribeBadHash(const std::string& text) {
  constexpr const char* kExpected =
      "expected a hash of bcrypt, yescrypt, SHA-512 or SHA-256 crypt, as `htpasswd -B` writes it";
  const bool is_hash = text.starts_with('$') || text.starts_with('{');
  return (is_hash ? "the hash is of another kind, or is not complete; "
                  : "the password is not hashed; ") +
         std::string(kExpected);
}

}  // namespace

base::Result<Users, std::vector<settings::FileFault>> ParseUsers(std::string_view text) {
  Users users;
  std::vector<settings::FileFault> faults;
  ForEachEntry(text, faults, [&users](std::string_view line) -> std::string {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return "expected 'user:hash'";
    // More fields, as in /etc/shadow, are ignored.
    const auto rest = line.substr(colon + 1);
    std::string hash(rest.substr(0, rest.find(':')));
    if (!IsHash(hash)) return DescribeBadHash(hash);
    const bool is_new = users.emplace(line.substr(0, colon), std::move(hash)).second;
    return is_new ? "" : "the user has a line already";
  });
  if (!faults.empty()) return base::Unexpected(std::move(faults));
  return users;
}

bool IsPassword(const std::string& hash, const std::string& password) {
  // 32 KiB, and cleared after use, because it contains traces of the password.
  const auto data = std::make_unique<crypt_data>();
  std::memset(data.get(), 0, sizeof(*data));
  const char* const result = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool is_same = result != nullptr && result[0] != '*' &&
                       std::strlen(result) == hash.size() &&
                       CRYPTO_memcmp(result, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof(*data));
  return is_same;
}

}  // namespace sluice::auth
