// Warns of secrets that other users of the machine may read.
#pragma once

#include <optional>
#include <string>

namespace sluice::server {

/// A warning about the permissions of a file, or of the files of a directory, without its name. The
/// rule is that of PostgreSQL: only the owner may read a secret, and its group if the owner is
/// root. Nothing if all is well, or if `path` is not there.
std::optional<std::string> SecrecyWarning(const std::string& path);

}  // namespace sluice::server
