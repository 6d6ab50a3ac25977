// Validation of UTF-8 (RFC 3629) in pieces of any size: text messages must be UTF-8 (RFC 6455
// section 8.1), and frames and reads may split a character anywhere.
#pragma once

#include <cstdint>

#include "sluice/base/bytes.h"

namespace sluice::websocket {

class Utf8Validator {
 public:
  /// Checks the next piece. Returns false at the first byte that is invalid in its place; after
  /// that, only Reset may be called.
  [[nodiscard]] bool Feed(base::Bytes bytes);

  /// Returns true if the text may end here, which is not inside a character.
  bool AtBoundary() const { return missing_ == 0; }

  void Reset() { *this = Utf8Validator(); }

 private:
  [[nodiscard]] bool FeedShort(base::Bytes bytes);
  [[nodiscard]] bool Lead(uint8_t byte);

  uint8_t missing_ = 0;  // Continuation bytes that the current character still needs.
  // The range of the next continuation byte: narrower than 80..BF after some leads, which excludes
  // overlong forms, surrogates and everything above U+10FFFF.
  uint8_t low_ = 0x80;
  uint8_t high_ = 0xbf;
};

/// Returns true if `bytes` are valid UTF-8.
bool IsUtf8(base::Bytes bytes);

}  // namespace sluice::websocket
