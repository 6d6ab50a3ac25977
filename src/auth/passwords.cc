#include "sluice/auth/passwords.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <crypt.h>
#include <openssl/crypto.h>

#include "sluice/base/text.h"

namespace sluice::auth {
namespace {

struct HashKind {
  std::string_view prefix;
  size_t size;  // Of what stands behind the last `$`.
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

}  // namespace

base::Result<Users, std::string> ParseUsers(std::string_view text) {
  Users users;
  for (size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = base::TrimWhitespace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto fail = [number](const std::string& what) {
      return base::Unexpected("line " + std::to_string(number) + " " + what);
    };
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail("is not 'user:hash'");
    // Fields behind it, as in /etc/shadow, are somebody else's.
    const auto rest = line.substr(colon + 1);
    std::string hash(rest.substr(0, rest.find(':')));
    if (!IsHash(hash)) return fail("has no hash of bcrypt, yescrypt, SHA-512 or SHA-256 crypt");
    if (!users.emplace(line.substr(0, colon), std::move(hash)).second) {
      return fail("names a user a second time");
    }
  }
  return users;
}

bool IsPassword(const std::string& hash, const std::string& password) {
  // 32 KiB, and left without a trace of the password.
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
