// The grammar and the errors that the parsers of request and response heads share: RFC 9112 and RFC
// 9110, without the parts that two readers of one head could understand differently.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice::http {

/// A set of bytes as a table, because a head has hundreds of bytes to look up.
class ByteSet {
 public:
  explicit constexpr ByteSet(bool (*contains)(uint8_t)) {
    for (unsigned byte = 0; byte < contains_.size(); ++byte) {
      contains_[byte] = contains(static_cast<uint8_t>(byte));
    }
  }

  constexpr bool Contains(uint8_t byte) const { return contains_[byte]; }

 private:
  std::array<bool, 256> contains_ = {};
};

constexpr bool IsDigit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

constexpr bool IsCapital(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z';
}

/// Methods in use are capitals (RFC 9110 section 9.1); registered ones have hyphens, too.
inline constexpr ByteSet kMethodBytes([](uint8_t byte) {
  return IsCapital(byte) || IsDigit(byte) || byte == '-' || byte == '_';
});

/// Visible ASCII except '#': a request target has no fragment (RFC 9112 section 3.2).
inline constexpr ByteSet kTargetBytes([](uint8_t byte) {
  return byte > 0x20 && byte < 0x7f && byte != '#';
});

/// A field name is a token (RFC 9110 section 5.6.2).
inline constexpr ByteSet kNameBytes([](uint8_t byte) {
  return IsDigit(byte) || IsCapital(byte) || (byte >= 'a' && byte <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(byte)) !=
             std::string_view::npos;
});

/// Field values and reason phrases: HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5).
inline constexpr ByteSet kValueBytes([](uint8_t byte) {
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
});

/// The errors in a head.
enum class HeadError : uint8_t {
  kBareLf,
  kBareCr,
  // Field lines.
  kLeadingSpace,
  kEmptyName,
  kInvalidName,
  kSpaceBeforeColon,
  kNoColon,
  kInvalidValue,
  kTooManyFields,
  // The status line.
  kNoStatusLine,
  kOtherVersion,
  kInvalidStatus,
  kInvalidReason,
};

/// Returns a clause that names the error, without a full stop.
std::string_view Describe(HeadError error);

/// Appends the bytes at the front of `bytes` that are in `set` to `text`. Returns their number.
size_t AppendRun(const ByteSet& set, base::Bytes bytes, std::string& text);

}  // namespace sluice::http
