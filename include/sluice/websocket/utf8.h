// Validation of UTF-8 (RFC 3629) in pieces of any size: text messages must be UTF-8 (RFC 6455
// section 8.1), and a character may be cut anywhere by frames and reads.
#pragma once

#include <cstdint>

#include "sluice/base/bytes.h"

namespace sluice::websocket {

class Utf8Validator {
 public:
  /// Takes the next piece. False at the first byte that no valid text can have in that place; the
  /// validator is of no use after that until Reset.
  [[nodiscard]] bool Feed(base::Bytes bytes);

  /// Whether the text may end here, that is, not inside a character.
  bool AtBoundary() const { return missing_ == 0; }

  void Reset() { *this = Utf8Validator(); }

 private:
  [[nodiscard]] bool FeedShort(base::Bytes bytes);
  [[nodiscard]] bool Lead(uint8_t byte);

  uint8_t missing_ = 0;  // Continuation bytes that the current character still needs.
  // What the next continuation byte may be: narrower than 80..BF behind some leads, which is what
  // excludes overlong forms, surrogates and all above U+10FFFF.
  uint8_t low_ = 0x80;
  uint8_t high_ = 0xbf;
};

/// Whether the whole of `bytes` is valid UTF-8.
bool IsUtf8(base::Bytes bytes);

}  // namespace sluice::websocket
