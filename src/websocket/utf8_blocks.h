// The loop inside Utf8Validator, once for each set of vector instructions, as the tests see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::websocket {

/// A byte is right or wrong by itself and as many before it.
inline constexpr size_t kUtf8LookBehind = 3;

/// What is shorter is no work for a loop.
inline constexpr size_t kMinUtf8Block = 32;

struct Utf8BlockJudge {
  const char* name;
  size_t block;  ///< the least `size`
  /// Whether none of the bytes is one that cannot stand there. The text before them is valid, ends
  /// with a character, and is read for kUtf8LookBehind bytes.
  bool (*is_valid)(const uint8_t* text, size_t size);
};

/// Those that this machine can run. The first takes kMinUtf8Block bytes; the last is the fastest.
std::span<const Utf8BlockJudge> Utf8BlockJudges();

}  // namespace sluice::websocket
