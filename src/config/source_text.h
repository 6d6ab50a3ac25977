// The text of a configuration file: returns its lines for diagnostics, and checks that it is text
// before the YAML parser reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/loader.h"

namespace sluice::config {

/// Refers to the text, which outlives it. Immutable, so thread-safe.
class SourceText {
 public:
  SourceText(std::string_view text, std::string file_name);

  /// Returns the text without a byte order mark.
  std::string_view text() const { return text_; }

  /// Returns the path of a file that the text names, relative to the directory of this file.
  std::string PathFromHere(std::string_view path) const;

  /// Returns a line without its line break; empty if there is no such line. `line` counts from 0.
  std::string_view Line(int line) const;

  /// Returns a diagnostic at a place as yaml-cpp counts it: from 0, the column in bytes.
  Diagnostic At(int line, int byte_column, std::string message) const;

  /// Returns a diagnostic about the complete file.
  Diagnostic AboutFile(std::string message) const;

  /// Returns an error for the first place that is not UTF-8, or is a control character. yaml-cpp
  /// would treat a NUL as the end of the file, and guess other encodings.
  std::optional<Diagnostic> FindFault() const;

 private:
  std::string_view text_;
  std::string file_name_;
  std::vector<std::string_view> lines_;
};

}  // namespace sluice::config
