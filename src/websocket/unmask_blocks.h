// The loop inside Unmask for each set of vector instructions, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::websocket {

/// The least size for a loop.
inline constexpr size_t kMinUnmaskBlocks = 64;

struct BlockUnmasker {
  const char* name;
  /// Like Unmask, for kMinUnmaskBlocks bytes or more. `key` is the four bytes in memory order; the
  /// first is for in[0].
  void (*unmask)(uint8_t* out, const uint8_t* in, size_t size, uint32_t key);
};

/// The loops that this machine can run. The last is the fastest, and Unmask uses it.
std::span<const BlockUnmasker> BlockUnmaskers();

}  // namespace sluice::websocket
