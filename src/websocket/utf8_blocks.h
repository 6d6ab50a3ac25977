// The loop inside Utf8Validator for each set of vector instructions, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::websocket {

/// The number of bytes before a byte that decide whether it is valid.
inline constexpr size_t kUtf8LookBehind = 3;

/// The least size for a loop.
inline constexpr size_t kMinUtf8Block = 32;

struct Utf8BlockJudge {
  const char* name;
  size_t block;  ///< the least `size`
  /// Returns true if all bytes are valid in their place. The text before them is valid and ends
  /// with a complete character; kUtf8LookBehind bytes of it are read.
  bool (*is_valid)(const uint8_t* text, size_t size);
};

/// The loops that this machine can run. The first accepts kMinUtf8Block bytes; the last is the
/// fastest.
std::span<const Utf8BlockJudge> Utf8BlockJudges();

}  // namespace sluice::websocket
