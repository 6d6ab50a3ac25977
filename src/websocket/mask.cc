#include "sluice/websocket/mask.h"

#include <bit>
#include <cstring>

#include "unmask_blocks.h"

namespace sluice::websocket {
namespace {

template <size_t kSize>
struct VectorOf {
  using Type __attribute__((vector_size(kSize))) = uint32_t;
};
template <size_t kSize>
using Vector = typename VectorOf<kSize>::Type;

// Returns the key, rotated for a position `distance` bytes later.
inline uint32_t Turn(uint32_t key, uint64_t distance) {
  const int bits = static_cast<int>(8 * (distance % kMaskSize));
  return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

// Unmasks kSize bytes or more. The first and the last kSize bytes may overlap, and `out` may be
// `in`, so these ends are loaded first and stored last. Between them, each block is loaded before
// it is overwritten, because `out` is not after `in`. Blocks are stored where `out` is aligned,
// because a store across two cache lines costs more than a load. Inlined into functions that differ
// in the instructions they may use.
template <size_t kSize>
[[gnu::always_inline]] inline void UnmaskBlocks(uint8_t* out, const uint8_t* in, size_t size,
                                                uint32_t key) {
  Vector<kSize> first;
  Vector<kSize> last;
  std::memcpy(&first, in, kSize);
  std::memcpy(&last, in + size - kSize, kSize);
  first ^= key;
  last ^= Turn(key, size - kSize);
  if (size > 2 * kSize) {
    size_t i = kSize - reinterpret_cast<uintptr_t>(out) % kSize;
    const uint32_t turned = Turn(key, i);
    for (; i + 2 * kSize <= size; i += 2 * kSize) {
      Vector<kSize> a;
      Vector<kSize> b;
      std::memcpy(&a, in + i, kSize);
      std::memcpy(&b, in + i + kSize, kSize);
      a ^= turned;
      b ^= turned;
      std::memcpy(out + i, &a, kSize);
      std::memcpy(out + i + kSize, &b, kSize);
    }
    if (i + kSize <= size) {
      Vector<kSize> a;
      std::memcpy(&a, in + i, kSize);
      a ^= turned;
      std::memcpy(out + i, &a, kSize);
    }
  }
  std::memcpy(out, &first, kSize);
  std::memcpy(out + size - kSize, &last, kSize);
}

void UnmaskBaseline(uint8_t* out, const uint8_t* in, size_t size, uint32_t key) {
  UnmaskBlocks<16>(out, in, size, key);
}

#if defined(__x86_64__)
// As fast as memcpy; AVX-512 was measured and is not faster.
[[gnu::target("avx2")]] void UnmaskAvx2(uint8_t* out, const uint8_t* in, size_t size,
                                        uint32_t key) {
  UnmaskBlocks<32>(out, in, size, key);
}

constexpr BlockUnmasker kBlockUnmaskers[] = {{"baseline", UnmaskBaseline}, {"avx2", UnmaskAvx2}};

size_t CountUsableUnmaskers() {
  return __builtin_cpu_supports("avx2") ? 2 : 1;
}
#else
constexpr BlockUnmasker kBlockUnmaskers[] = {{"baseline", UnmaskBaseline}};

size_t CountUsableUnmaskers() {
  return 1;
}
#endif

}  // namespace

std::span<const BlockUnmasker> BlockUnmaskers() {
  return std::span(kBlockUnmaskers).first(CountUsableUnmaskers());
}

void Unmask(uint8_t* out, const uint8_t* in, size_t size, MaskKey key, uint64_t offset) {
  const uint32_t turned = Turn(std::bit_cast<uint32_t>(key), offset);
  if (size >= kMinUnmaskBlocks) {
    static const auto unmask = BlockUnmaskers().back().unmask;
    unmask(out, in, size, turned);
  } else if (size >= 32) {
    UnmaskBlocks<32>(out, in, size, turned);
  } else if (size >= 16) {
    UnmaskBlocks<16>(out, in, size, turned);
  } else if (size >= 8) {
    UnmaskBlocks<8>(out, in, size, turned);
  } else if (size >= 4) {
    UnmaskBlocks<4>(out, in, size, turned);
  } else {
    for (size_t i = 0; i < size; ++i) out[i] = in[i] ^ key[(offset + i) % kMaskSize];
  }
}

}  // namespace sluice::websocket
