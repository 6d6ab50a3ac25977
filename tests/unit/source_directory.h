#pragma once

#include <string>

namespace sluice {

// Returns the path of FILE, which is relative to the top of the source tree. Only
// source_directory.cc is compiled with the tree's path, so that the compiler cache serves every
// other test to every clone.
std::string SourceFile(const std::string& file);

}  // namespace sluice
