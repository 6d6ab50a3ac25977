// Checks a vector of bytes at once by comparing each byte with those before it: the rules of RFC
// 3629 section 4, one in each line. This needs no table and no shuffle, so every machine supports
// it.
#include "utf8_blocks.h"

#include <cstring>

namespace sluice::websocket {
namespace {

template <size_t kSize>
struct VectorsOf {
  using Unsigned __attribute__((vector_size(kSize))) = uint8_t;
  using Signed __attribute__((vector_size(kSize))) = int8_t;
  using Words __attribute__((vector_size(kSize))) = uint64_t;
};

// Checks two vectors in each iteration. Inlined into functions that differ in the instructions they
// may use.
template <size_t kSize>
[[gnu::always_inline]] inline bool IsValid(const uint8_t* text, size_t size) {
  using Unsigned = typename VectorsOf<kSize>::Unsigned;
  using Signed = typename VectorsOf<kSize>::Signed;
  using Words = typename VectorsOf<kSize>::Words;
  const auto any_bit = [](const auto& vector) __attribute__((always_inline)) {
    const auto words = reinterpret_cast<Words>(vector);
    uint64_t any = 0;
    for (size_t i = 0; i < kSize / sizeof(any); ++i) any |= words[i];
    return any;
  };

  const uint8_t* const last_turn = text + size - 2 * kSize;
  Signed good = ~Signed{};
  for (;;) {
    Unsigned first;
    Unsigned second;
    Unsigned before;
    std::memcpy(&first, text, kSize);
    std::memcpy(&second, text + kSize, kSize);
    std::memcpy(&before, text - kUtf8LookBehind, kSize);
    const bool is_ascii = (any_bit(first | second | before) & 0x8080808080808080) == 0;
    for (size_t i = 0; i < 2 * kSize && !is_ascii; i += kSize) {
      Unsigned b0;  // The bytes to check.
      Unsigned b1;  // The byte before each of them, and so on.
      Unsigned b2;
      Unsigned b3;
      std::memcpy(&b0, text + i, kSize);
      std::memcpy(&b1, text + i - 1, kSize);
      std::memcpy(&b2, text + i - 2, kSize);
      std::memcpy(&b3, text + i - 3, kSize);
      // Continuation bytes are the smallest signed numbers, so one comparison bounds their range.
      const auto s0 = reinterpret_cast<Signed>(b0);
      constexpr auto kLead = static_cast<int8_t>(0xc0);
      constexpr auto k90 = static_cast<int8_t>(0x90);
      constexpr auto kA0 = static_cast<int8_t>(0xa0);
      // A continuation byte is where a lead requires one, and nowhere else.
      good &= (s0 >= kLead) == ((b1 <= 0xbf) & (b2 <= 0xdf) & (b3 <= 0xef));
      good &= (b0 & 0xfe) != 0xc0;            // An overlong form of two bytes,
      good &= ~((b1 == 0xe0) & (s0 < kA0));   // of three,
      good &= ~((b1 == 0xf0) & (s0 < k90));   // of four.
      good &= ~((b1 == 0xed) & (s0 >= kA0));  // A surrogate.
      good &= ~((b1 == 0xf4) & (s0 >= k90));  // Above U+10FFFF,
      good &= b0 <= 0xf4;                     // far above.
    }
    if (text == last_turn) break;
    // The end is checked together with the bytes before it, which are checked twice.
    text = text + 2 * kSize < last_turn ? text + 2 * kSize : last_turn;
  }
  return any_bit(~good) == 0;
}

bool IsValidBaseline(const uint8_t* text, size_t size) {
  return IsValid<16>(text, size);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] bool IsValidAvx2(const uint8_t* text, size_t size) {
  return IsValid<32>(text, size);
}

constexpr Utf8BlockJudge kJudges[] = {{"baseline", kMinUtf8Block, IsValidBaseline},
                                      {"avx2", 64, IsValidAvx2}};

size_t CountUsableJudges() {
  return __builtin_cpu_supports("avx2") ? 2 : 1;
}
#else
constexpr Utf8BlockJudge kJudges[] = {{"baseline", kMinUtf8Block, IsValidBaseline}};

size_t CountUsableJudges() {
  return 1;
}
#endif

}  // namespace

std::span<const Utf8BlockJudge> Utf8BlockJudges() {
  return std::span(kJudges).first(CountUsableJudges());
}

}  // namespace sluice::websocket
