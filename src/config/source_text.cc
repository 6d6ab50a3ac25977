#include "config/source_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sluice/base/text.h"

namespace sluice::config {
namespace {

// A longer line does not help a reader, and a file of one line would be copied for every error.
constexpr size_t kLongestShownLine = 500;

constexpr bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Returns the length of the UTF-8 sequence at the start of `text` (RFC 3629 section 4), or 0.
size_t SequenceLength(std::string_view text) {
  const auto at = [text](size_t i) -> uint8_t {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (first == 0xE0) low = 0xA0;   // no overlong form
  if (first == 0xED) high = 0x9F;  // no surrogate
  if (first == 0xF0) low = 0x90;   // no overlong form
  if (first == 0xF4) high = 0x8F;  // nothing above U+10FFFF
  if (length == 0 || at(1) < low || at(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  }
  return length;
}

constexpr bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

}  // namespace

SourceText::SourceText(std::string_view text, std::string file_name)
    : text_(base::WithoutByteOrderMark(text)), file_name_(std::move(file_name)) {
  for (auto rest = text_; !rest.empty();) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
}

std::string SourceText::PathFromHere(std::string_view path) const {
  const auto directory_end = file_name_.rfind('/');
  if (path.starts_with('/') || directory_end == std::string::npos) return std::string(path);
  return file_name_.substr(0, directory_end + 1).append(path);
}

std::string_view SourceText::Line(int line) const {
  const auto index = static_cast<size_t>(line);
  return line >= 0 && index < lines_.size() ? lines_[index] : std::string_view();
}

Diagnostic SourceText::At(int line, int byte_column, std::string message) const {
  line = std::max(line, 0);
  const auto source = Line(line);
  const auto before = source.substr(0, static_cast<size_t>(std::max(byte_column, 0)));
  const auto column = before.size() - static_cast<size_t>(std::count_if(
                                          before.begin(), before.end(), IsContinuation));
  Diagnostic diagnostic{file_name_, line + 1, static_cast<int>(column) + 1, std::move(message), {}};
  if (source.size() <= kLongestShownLine) diagnostic.source_line = source;
  return diagnostic;
}

Diagnostic SourceText::AboutFile(std::string message) const {
  return {file_name_, 0, 0, std::move(message), {}};
}

std::optional<Diagnostic> SourceText::FindFault() const {
  for (size_t line = 0; line < lines_.size(); ++line) {
    for (size_t i = 0; i < lines_[line].size();) {
      const size_t length = SequenceLength(lines_[line].substr(i));
      const char* fault = length == 0 ? "expected UTF-8 text, found another encoding"
                          : IsControl(lines_[line][i]) ? "expected text, found a control character"
                                                       : nullptr;
      if (fault != nullptr) {
        auto diagnostic = At(static_cast<int>(line), static_cast<int>(i), fault);
        diagnostic.source_line.clear();  // Control characters would disturb a terminal.
        return diagnostic;
      }
      i += length;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::config
