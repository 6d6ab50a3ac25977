#include "sluice/websocket/mask.h"

#include <cstring>

namespace sluice::websocket {
namespace {

// The compiler splits it into whatever vector registers the target has.
using Block = uint8_t __attribute__((vector_size(32)));

}  // namespace

void Unmask(uint8_t* out, const uint8_t* in, size_t size, MaskKey key, uint64_t offset) {
  std::array<uint8_t, sizeof(Block)> pattern;
  for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = key[(offset + i) % kMaskSize];
  Block mask;
  std::memcpy(&mask, pattern.data(), sizeof(mask));

  // Each block is loaded whole before any of it is stored, so an `out` that lies before `in` is
  // safe.
  size_t i = 0;
  for (; i + 2 * sizeof(Block) <= size; i += 2 * sizeof(Block)) {
    Block a, b;
    std::memcpy(&a, in + i, sizeof(a));
    std::memcpy(&b, in + i + sizeof(a), sizeof(b));
    a ^= mask;
    b ^= mask;
    std::memcpy(out + i, &a, sizeof(a));
    std::memcpy(out + i + sizeof(a), &b, sizeof(b));
  }
  for (; i < size; ++i) out[i] = in[i] ^ pattern[i % kMaskSize];
}

}  // namespace sluice::websocket
