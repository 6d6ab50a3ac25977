// Users and the hashes of their passwords, as crypt(5) writes them. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/file_fault.h"

namespace sluice::auth {

/// Users by their names, each with a hash.
using Users = std::map<std::string, std::string, std::less<>>;

/// Reads lines `user:hash`, as `htpasswd -B` writes them; empty lines and those that begin with #
/// count for nothing. Only hashes that are slow to guess are taken: bcrypt ($2a$, $2b$, $2y$),
/// yescrypt ($y$), SHA-512 ($6$) and SHA-256 ($5$). The error has one entry for each faulty line,
/// up to settings::kMostFileFaults.
base::Result<Users, std::vector<settings::FileFault>> ParseUsers(std::string_view text);

/// Whether `hash` is that of `password`. Takes 50 ms and more: not for an event loop. Thread-safe.
bool IsPassword(const std::string& hash, const std::string& password);

}  // namespace sluice::auth
