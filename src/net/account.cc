#include "sluice/net/account.h"

#include <grp.h>
#include <pwd.h>

namespace sluice::net {
namespace {

base::Unexpected<std::string> Unknown(const std::string& kind, const std::string& name) {
  return base::Unexpected("there is no " + kind + " '" + name + "' on this machine");
}

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

}  // namespace sluice::net
