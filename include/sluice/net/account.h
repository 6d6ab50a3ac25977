// Users and groups of this machine, by name or number.
#pragma once

#include <string>

#include <sys/types.h>

#include "sluice/base/result.h"

namespace sluice::net {

struct Account {
  uid_t user;
  gid_t group;  ///< the user's primary group
};

/// Returns the account of a user. The error is a sentence: "there is no user 'x' on this machine".
/// Not thread-safe.
base::Result<Account, std::string> FindUser(const std::string& name);

/// Returns the id of a group. The error is a sentence. Not thread-safe.
base::Result<gid_t, std::string> FindGroup(const std::string& name);

/// Returns the id of a user, given by name or number. A number needs no entry on this machine. Not
/// thread-safe.
base::Result<uid_t, std::string> FindUserId(const std::string& text);

/// Returns the id of a group in the same way.
base::Result<gid_t, std::string> FindGroupId(const std::string& text);

}  // namespace sluice::net
