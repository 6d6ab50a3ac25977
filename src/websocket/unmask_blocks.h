// The loop inside Unmask, once for each set of vector instructions, as the tests see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::websocket {

/// What is shorter is no work for a loop.
inline constexpr size_t kMinUnmaskBlocks = 64;

struct BlockUnmasker {
  const char* name;
  /// As Unmask, for kMinUnmaskBlocks bytes or more. `key` is the four bytes as they lie in memory,
  /// the first being in[0]'s.
  void (*unmask)(uint8_t* out, const uint8_t* in, size_t size, uint32_t key);
};

/// Those that this machine can run. The last is the fastest, and the one that Unmask takes.
std::span<const BlockUnmasker> BlockUnmaskers();

}  // namespace sluice::websocket
