// What is wrong with a file that the configuration names.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::settings {

/// What is wrong with a file that the configuration names.
struct FileFault {
  std::string path = {};  ///< empty where the text was checked without its file
  int line = 0;           ///< from 1; 0 if the fault is about the file as a whole
  /// Follows the path and the line after a colon, and the path alone after a blank: "has no users".
  std::string message = {};

  /// `users.txt:3: expected user:hash`, or `'users.txt' has no users`.
  std::string ToString() const;

  bool operator==(const FileFault&) const = default;
};

/// A file of thousands of faulty lines is not the file that was meant: a parser stops after these.
inline constexpr size_t kMostFileFaults = 10;

}  // namespace sluice::settings
