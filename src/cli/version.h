// What `sluice --version` prints.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// The commit that the program was built from, or "unknown". Defined in a generated file of its
/// own, so that a new commit compiles nothing else again.
extern const std::string_view kCommit;

/// Returns the version, the commit, and the versions of libevent and OpenSSL that are loaded, one
/// a line.
std::string VersionText();

}  // namespace sluice::cli
