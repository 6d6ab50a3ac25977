// The text of a configuration file: its lines, for diagnostics, and the check that it is text at
// all before the YAML parser sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/loader.h"

namespace sluice::config {

/// Keeps a view of the text, which must outlive it. Immutable, so thread-safe.
class SourceText {
 public:
  SourceText(std::string_view text, std::string file_name);

  /// Without a byte order mark.
  std::string_view text() const { return text_; }

  /// The path of a file that the text names: relative to the directory of this one.
  std::string PathFromHere(std::string_view path) const;

  /// A line without its break, empty if there is no such line. `line` counts from 0.
  std::string_view Line(int line) const;

  /// A diagnostic at a place as yaml-cpp counts it: both from 0, the column in bytes.
  Diagnostic At(int line, int byte_column, std::string message) const;

  /// A diagnostic about the file as a whole.
  Diagnostic AboutFile(std::string message) const;

  /// The first place that is no UTF-8, or is a control character. yaml-cpp would stop at a NUL as
  /// if the file ended there, and guess at other encodings.
  std::optional<Diagnostic> FindFault() const;

 private:
  std::string_view text_;
  std::string file_name_;
  std::vector<std::string_view> lines_;
};

}  // namespace sluice::config
