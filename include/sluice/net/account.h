// Users and groups of this machine, by their names.
#pragma once

#include <string>

#include <sys/types.h>

#include "sluice/base/result.h"

namespace sluice::net {

struct Account {
  uid_t user;
  gid_t group;  ///< the user's own
};

/// The error is a sentence: "there is no user 'x' on this machine". Not thread-safe.
base::Result<Account, std::string> FindUser(const std::string& name);

/// Likewise of a group.
base::Result<gid_t, std::string> FindGroup(const std::string& name);

}  // namespace sluice::net
