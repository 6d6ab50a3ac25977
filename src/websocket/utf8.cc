#include "sluice/websocket/utf8.h"

#include <cstring>

namespace sluice::websocket {

bool Utf8Validator::Lead(uint8_t byte) {
  low_ = 0x80;
  high_ = 0xbf;
  if (byte < 0x80) return true;
  if (byte < 0xc2) return false;  // A continuation byte, or an overlong form of two.
  if (byte < 0xe0) {
    missing_ = 1;
    return true;
  }
  if (byte < 0xf0) {
    missing_ = 2;
    if (byte == 0xe0) low_ = 0xa0;   // Overlong below.
    if (byte == 0xed) high_ = 0x9f;  // Surrogates above.
    return true;
  }
  if (byte > 0xf4) return false;
  missing_ = 3;
  if (byte == 0xf0) low_ = 0x90;   // Overlong below.
  if (byte == 0xf4) high_ = 0x8f;  // Above U+10FFFF.
  return true;
}

bool Utf8Validator::Feed(base::Bytes bytes) {
  const uint8_t* p = bytes.data();
  const uint8_t* const end = p + bytes.size();
  while (p != end) {
    if (missing_ != 0) {
      if (*p < low_ || *p > high_) return false;
      low_ = 0x80;
      high_ = 0xbf;
      --missing_;
      ++p;
      continue;
    }
    // Most text is ASCII: eight bytes at a time while no byte has its high bit.
    while (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, sizeof(word));
      if ((word & 0x8080808080808080u) != 0) break;
      p += 8;
    }
    if (p != end && !Lead(*p++)) return false;
  }
  return true;
}

bool IsUtf8(base::Bytes bytes) {
  Utf8Validator validator;
  return validator.Feed(bytes) && validator.AtBoundary();
}

}  // namespace sluice::websocket
