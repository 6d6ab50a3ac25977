// Users and the hashes of their passwords, in the form of crypt(5). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/file_fault.h"

namespace sluice::auth {

/// The hash of each user's password, by name.
using Users = std::map<std::string, std::string, std::less<>>;

/// Parses lines `user:hash`, as `htpasswd -B` writes them. Empty lines and lines that begin with #
/// are ignored. Only hashes that are slow to guess are accepted: bcrypt ($2a$, $2b$, $2y$),
/// yescrypt
/// ($y$), SHA-512 ($6$) and SHA-256 ($5$). The error has one entry for each faulty line, up to
/// settings::kMostFileFaults.
base::Result<Users, std::vector<settings::FileFault>> ParseUsers(std::string_view text);

/// Returns true if `hash` is the hash of `password`. Takes 50 ms or more, so it must not run on an
/// event loop. Thread-safe.
bool IsPassword(const std::string& hash, const std::string& password);

}  // namespace sluice::auth
