// Users and groups of this machine, by their names or numbers.
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

/// Returns the id of a user, given by name or number. A number needs no entry on this machine. Not
/// thread-safe.
base::Result<uid_t, std::string> FindUserId(const std::string& text);

/// Returns the id of a group in the same way.
base::Result<gid_t, std::string> FindGroupId(const std::string& text);

}  // namespace sluice::net
