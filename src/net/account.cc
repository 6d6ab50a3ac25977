#include "sluice/net/account.h"

#include <limits>
#include <optional>

#include <grp.h>
#include <pwd.h>

#include "sluice/base/text.h"

namespace sluice::net {
namespace {

base::Unexpected<std::string> Unknown(const std::string& kind, const std::string& name) {
  return base::Unexpected("there is no " + kind + " '" + name + "' on this machine");
}

// The largest id. The next number means "unchanged" in chown(2).
constexpr uint64_t kMaxId = std::numeric_limits<uid_t>::max() - 1;

}  // namespace

base::Result<Account, std::string> FindUser(const std::string& name) {
  const passwd* const known = getpwnam(name.c_str());
  if (known == nullptr) return Unknown("user", name);
  return Account{known->pw_uid, known->pw_gid};
}

base::Result<gid_t, std::string> FindGroup(const std::string& name) {
  const group* const known = getgrnam(name.c_str());
  if (known == nullptr) return Unknown("group", name);
  return known->gr_gid;
}

base::Result<uid_t, std::string> FindUserId(const std::string& text) {
  if (const auto number = base::ParseNumber(text, kMaxId)) return static_cast<uid_t>(*number);
  const auto account = FindUser(text);
  if (!account) return base::Unexpected(account.error());
  return account->user;
}

base::Result<gid_t, std::string> FindGroupId(const std::string& text) {
  if (const auto number = base::ParseNumber(text, kMaxId)) return static_cast<gid_t>(*number);
  return FindGroup(text);
}

}  // namespace sluice::net
