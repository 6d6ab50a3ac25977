// A plain second opinion on UTF-8: decodes code points by arithmetic and shares no idea with the
// validator under test. Used by unit tests and fuzzers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::websocket::testing {

/// What a text looks like at its end, or where it breaks.
struct Utf8Verdict {
  /// The first byte that no valid text can have in that place.
  std::optional<size_t> bad_at;
  /// Whether the text may end where it does; only if nothing is bad.
  bool at_boundary = true;
};

/// How many bytes a lead announces; 0 for a byte that is no lead by its bits.
inline size_t CharacterSize(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >> 5 == 0b110) return 2;
  if (lead >> 4 == 0b1110) return 3;
  if (lead >> 3 == 0b11110) return 4;
  return 0;
}

/// Whether a code point from `first` to `last` exists that is encoded in `size` bytes (RFC 3629).
inline bool AnyLegal(uint32_t first, uint32_t last, size_t size) {
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  static constexpr uint32_t kMost[] = {0, 0x7f, 0x7ff, 0xffff, 0x10ffff};
  first = first < kLeast[size] ? kLeast[size] : first;
  last = last > kMost[size] ? kMost[size] : last;
  if (first > last) return false;
  return first < 0xd800 || last > 0xdfff;  // Not surrogates alone.
}

inline Utf8Verdict JudgeUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t size = CharacterSize(lead);
    if (size == 0) return {i, false};
    uint32_t bits = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t have = 1;; ++have) {
      // The bytes still to come can be anything: is any of it legal?
      const size_t open = 6 * (size - have);
      const uint32_t first = bits << open;
      if (!AnyLegal(first, first + ((1u << open) - 1), size)) return {i + have - 1, false};
      if (have == size) break;
      if (i + have == text.size()) return {std::nullopt, false};
      const auto next = static_cast<uint8_t>(text[i + have]);
      if (next >> 6 != 0b10) return {i + have, false};
      bits = bits << 6 | (next & 0x3fu);
    }
    i += size;
  }
  return {};
}

/// The UTF-8 form of a code point.
inline std::string EncodeUtf8(uint32_t code) {
  const auto tail = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace sluice::websocket::testing
