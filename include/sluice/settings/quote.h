// Quotes parts of the configuration in messages: short and printable, even if the file has escapes
// there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::settings {

/// Returns `text` in single quotes, with control characters as `\xNN`. Text of more than 80 bytes
/// is cut.
inline std::string Quote(std::string_view text) {
  constexpr size_t kLongest = 80;
  constexpr char kHex[] = "0123456789abcdef";
  bool is_cut = text.size() > kLongest;
  if (is_cut) {
    size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string quoted = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      quoted += c;
    } else {
      quoted += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  quoted += is_cut ? "...'" : "'";
  return quoted;
}

/// Returns the usual error of a value parser: what was expected, and what is in the file.
inline std::string Expected(std::string_view what, std::string_view found) {
  return "expected " + std::string(what) + ", found " + Quote(found);
}

}  // namespace sluice::settings
