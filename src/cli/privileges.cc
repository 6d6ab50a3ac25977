#include "cli/privileges.h"

#include <cerrno>
#include <cstring>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sluice::cli {
namespace {

using base::Unexpected;

struct Ids {
  uid_t user;
  gid_t group;
};

base::Result<Ids, std::string> Find(const config::User& user) {
  const auto unknown = [](const std::string& kind, const std::string& name) {
    return Unexpected("user: there is no " + kind + " '" + name + "' on this machine");
  };
  const passwd* const known = getpwnam(user.name.c_str());
  if (known == nullptr) return unknown("user", user.name);
  Ids ids{known->pw_uid, known->pw_gid};
  if (user.group.empty()) return ids;
  const group* const known_group = getgrnam(user.group.c_str());
  if (known_group == nullptr) return unknown("group", user.group);
  ids.group = known_group->gr_gid;
  return ids;
}

Unexpected<std::string> Failed(const std::string& what) {
  return Unexpected("user: cannot " + what + ": " + std::strerror(errno));
}

}  // namespace

base::Result<void, std::string> ForbidNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("give up new privileges");
  return {};
}

base::Result<void, std::string> BecomeUser(const config::User& user,
                                           const std::vector<config::Listener>& listeners) {
  const auto ids = Find(user);
  if (!ids) return Unexpected(ids.error());
  if (geteuid() == ids->user && getegid() == ids->group) return {};
  if (!IsRoot()) {
    return Unexpected("user: only root can become '" + user.name +
                      "'; start as root or as that user, or leave 'user' out");
  }
  for (const auto& listener : listeners) {
    if (listener.address.kind != config::Endpoint::Kind::kUnix) continue;
    const std::string& path = listener.address.host;
    if (lchown(path.c_str(), ids->user, ids->group) != 0) return Failed("give away " + path);
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
