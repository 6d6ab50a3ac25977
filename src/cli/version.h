// The text of `sluice --version`.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// The commit of the program, or "unknown". Defined in its own generated file, so that a new commit
/// requires no other compilation.
extern const std::string_view kCommit;

/// Returns the version, the commit, and the versions of libevent and OpenSSL that are loaded, one
/// a line.
std::string VersionText();

}  // namespace sluice::cli
