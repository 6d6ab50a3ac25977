#include "sluice/websocket/utf8.h"

#include <cstring>
#include <span>

#include "utf8_blocks.h"

namespace sluice::websocket {
namespace {

constexpr size_t kMostMissing = 3;

// The least size that is enough for a vector loop, including the bytes that it needs before its
// own.
constexpr size_t kLong = kUtf8LookBehind + kMostMissing + kMinUtf8Block;

constexpr uint64_t kHighBits = 0x8080808080808080;

uint64_t WordAt(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

constexpr bool IsContinuation(uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

// Returns the length of the ASCII beginning, in steps of 32 bytes.
size_t AsciiPrefix(base::Bytes bytes) {
  size_t size = 0;
  while (bytes.size() - size >= 32) {
    uint64_t any = 0;
    for (size_t i = 0; i < 32; i += sizeof(any)) any |= WordAt(bytes.data() + size + i);
    if ((any & kHighBits) != 0) break;
    size += 32;
  }
  return size;
}

}  // namespace

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

bool Utf8Validator::FeedShort(base::Bytes bytes) {
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
    while (end - p >= 8 && (WordAt(p) & kHighBits) == 0) p += 8;
    if (p != end && !Lead(*p++)) return false;
  }
  return true;
}

bool Utf8Validator::Feed(base::Bytes bytes) {
  if (bytes.size() < kLong) return FeedShort(bytes);
  if (AtBoundary()) {
    bytes = bytes.subspan(AsciiPrefix(bytes));
    if (bytes.size() < kLong) return FeedShort(bytes);
  }
  // The loops need some text before their own, which must end with a complete character.
  if (!FeedShort(bytes.first(kUtf8LookBehind))) return false;
  bytes = bytes.subspan(kUtf8LookBehind);
  const size_t missing = missing_;
  if (!FeedShort(bytes.first(missing))) return false;
  bytes = bytes.subspan(missing);

  static const std::span<const Utf8BlockJudge> judges = Utf8BlockJudges();
  const auto& judge = bytes.size() >= judges.back().block ? judges.back() : judges.front();
  if (!judge.is_valid(bytes.data(), bytes.size())) return false;

  // The last character may continue in the next piece: check it again to find out what it needs.
  size_t last = bytes.size() - 1;
  while (IsContinuation(bytes[last])) --last;
  return FeedShort(bytes.subspan(last));
}

bool IsUtf8(base::Bytes bytes) {
  Utf8Validator validator;
  return validator.Feed(bytes) && validator.AtBoundary();
}

}  // namespace sluice::websocket
