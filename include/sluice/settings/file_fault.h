// A fault of a file that the configuration names.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::settings {

/// What is wrong with a file that the configuration names.
struct FileFault {
  std::string path = {};  ///< empty if the text was checked without its file
  int line = 0;           ///< from 1; 0 if the fault belongs to the complete file
  /// Follows the path and the line after a colon, and the path alone after a blank: "has no users".
  std::string message = {};

  /// `users.txt:3: expected user:hash`, or `'users.txt' has no users`.
  std::string ToString() const;

  bool operator==(const FileFault&) const = default;
};

/// A parser stops after this number of faults: a file with thousands of them is the wrong file.
inline constexpr size_t kMostFileFaults = 10;

}  // namespace sluice::settings
