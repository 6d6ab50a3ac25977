#include "cli/privileges.h"

#include <cerrno>
#include <cstring>

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sluice/net/account.h"

namespace sluice::cli {
namespace {

using base::Unexpected;

base::Result<net::Account, std::string> Find(const settings::User& user) {
  auto account = net::FindUser(user.name);
  if (!account) return Unexpected("user: " + account.error());
  if (user.group.empty()) return account;
  const auto group = net::FindGroup(user.group);
  if (!group) return Unexpected("user: " + group.error());
  account->group = *group;
  return account;
}

Unexpected<std::string> Failed(const std::string& what) {
  return Unexpected("user: cannot " + what + ": " + std::strerror(errno));
}

}  // namespace

base::Result<void, std::string> ForbidNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("give up new privileges");
  return {};
}

base::Result<void, std::string> BecomeUser(const settings::User& user,
                                           const std::vector<settings::Listener>& listeners) {
  const auto ids = Find(user);
  if (!ids) return Unexpected(ids.error());
  if (geteuid() == ids->user && getegid() == ids->group) return {};
  if (!IsRoot()) {
    return Unexpected("user: only root can become '" + user.name +
                      "'; start as root or as that user, or leave 'user' out");
  }
  for (const auto& listener : listeners) {
    if (listener.address.kind != settings::Endpoint::Kind::kUnix) continue;
    const std::string& path = listener.address.host;
    constexpr auto kUnchanged = static_cast<uid_t>(-1);
    const uid_t owner = listener.socket_file.user.empty() ? ids->user : kUnchanged;
    const gid_t group = listener.socket_file.group.empty() ? ids->group : kUnchanged;
    if (lchown(path.c_str(), owner, group) != 0) return Failed("give away " + path);
  }
  if (initgroups(user.name.c_str(), ids->group) != 0) return Failed("take the user's groups");
  if (setresgid(ids->group, ids->group, ids->group) != 0) return Failed("become the group");
  if (setresuid(ids->user, ids->user, ids->user) != 0) return Failed("become the user");
  if (ids->user != 0 && setresuid(0, 0, 0) == 0) {
    return Unexpected(std::string("user: root could be had back, so it was not given up"));
  }
  return {};
}

bool IsRoot() {
  return geteuid() == 0;
}

}  // namespace sluice::cli
