// Warns about secret files that other users of the machine may read.
#pragma once

#include <optional>
#include <string>

namespace sluice::server {

/// Returns a warning about the permissions of a file, or of the files of a directory, without its
/// name. Unset if the permissions are safe or `path` does not exist. The rule is that of
/// PostgreSQL: only the owner may read a secret, and its group if the owner is root.
std::optional<std::string> SecrecyWarning(const std::string& path);

}  // namespace sluice::server
