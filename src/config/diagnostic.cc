// Formats diagnostics.
#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

// Returns the space before the caret: as wide as the first `count` characters of `line`. Tabs stay
// tabs, so that the caret is in the right column for any tab width.
std::string Indent(std::string_view line, int count) {
  std::string indent;
  for (const char c : line) {
    const bool is_continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (is_continuation) continue;
    if (count-- <= 0) break;
    indent += c == '\t' ? '\t' : ' ';
  }
  if (count > 0) indent.append(static_cast<size_t>(count), ' ');
  return indent;
}

}  // namespace

std::string Diagnostic::Headline() const {
  std::string text = file;
  if (line != 0) text += ':' + std::to_string(line) + ':' + std::to_string(column);
  return text + (severity == Severity::kWarning ? ": warning: " : ": ") + message;
}

std::string Diagnostic::ToString() const {
  const std::string text = Headline();
  if (line == 0 || source_line.empty()) return text;
  return text + '\n' + source_line + '\n' + Indent(source_line, column - 1) + '^';
}

}  // namespace sluice::config
