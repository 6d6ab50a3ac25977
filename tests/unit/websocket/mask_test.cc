// Unmasking, against the formula of RFC 6455 section 5.3.
#include "sluice/websocket/mask.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "seed.h"
#include "websocket/unmask_blocks.h"

namespace sluice::websocket {
namespace {

constexpr MaskKey kMaskKey = {0x37, 0xfa, 0x21, 0x3d};
constexpr size_t kMaxSize = 300;  // More than three turns of the widest loop, and every remainder.

std::vector<uint8_t> Numbers(size_t size) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(31 * i + 7);
  return bytes;
}

// j = i MOD 4; transformed-octet-i = original-octet-i XOR masking-key-octet-j.
std::vector<uint8_t> Expected(std::vector<uint8_t> bytes, MaskKey key, uint64_t offset) {
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= key[(offset + i) % 4];
  return bytes;
}

TEST(MaskTest, TheExampleOfTheRfc) {
  // Section 5.7: a single-frame masked text message that contains "Hello".
  const std::vector<uint8_t> in = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
  std::vector<uint8_t> out(in.size());
  Unmask(out.data(), in.data(), in.size(), kMaskKey, 0);
  EXPECT_THAT(out, ::testing::ElementsAre('H', 'e', 'l', 'l', 'o'));
}

TEST(MaskTest, EverySizeAndOffsetInPlace) {
  const uint64_t offsets[] = {0, 1, 2, 3, 4, 5, 6, 7, 63, 65535, uint64_t{1} << 32, INT64_MAX};
  for (size_t size = 0; size <= kMaxSize; ++size) {
    for (const uint64_t offset : offsets) {
      std::vector<uint8_t> bytes = Numbers(size);  // Exact, so that a sanitizer sees a step beyond.
      Unmask(bytes.data(), bytes.data(), size, kMaskKey, offset);
      ASSERT_EQ(bytes, Expected(Numbers(size), kMaskKey, offset)) << size << " at " << offset;
    }
  }
}

TEST(MaskTest, EveryDistanceOfAnOutputBeforeTheInput) {
  for (size_t size = 0; size <= kMaxSize; ++size) {
    const std::vector<uint8_t> payload = Numbers(size);
    const std::vector<uint8_t> expected = Expected(payload, kMaskKey, size);
    for (size_t distance = 0; distance <= 70; ++distance) {
      std::vector<uint8_t> bytes(distance, 0xee);
      bytes.insert(bytes.end(), payload.begin(), payload.end());
      Unmask(bytes.data(), bytes.data() + distance, size, kMaskKey, size);
      const std::vector<uint8_t> out(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      ASSERT_EQ(out, expected) << size << " bytes, " << distance << " before the input";
    }
  }
}

TEST(MaskTest, WritesNothingButItsOutput) {
  for (size_t size = 0; size <= kMaxSize; ++size) {
    const std::vector<uint8_t> in = Numbers(size);
    std::vector<uint8_t> out(size + 128, 0xee);
    Unmask(out.data() + 64, in.data(), size, kMaskKey, 0);
    const std::vector<uint8_t> guard(64, 0xee);
    const auto end = out.begin() + 64 + static_cast<ptrdiff_t>(size);
    ASSERT_EQ(std::vector<uint8_t>(out.begin(), out.begin() + 64), guard) << size;
    ASSERT_EQ(std::vector<uint8_t>(end, out.end()), guard) << size;
    ASSERT_EQ(in, Numbers(size)) << size;
  }
}

// Each loop that this machine can run, not only the one that Unmask takes: every size, `out` at
// every place of a block, and `in` at any distance behind it.
TEST(MaskTest, EveryLoopDoesWhatTheFormulaSays) {
  const size_t distances[] = {0, 1, 2, 3, 4, 7, 8, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200};
  uint32_t key;
  std::memcpy(&key, kMaskKey.data(), sizeof(key));
  for (const BlockUnmasker& loop : BlockUnmaskers()) {
    SCOPED_TRACE(loop.name);
    for (size_t size = kMinUnmaskBlocks; size <= kMaxSize; ++size) {
      const std::vector<uint8_t> payload = Numbers(size);
      const std::vector<uint8_t> expected = Expected(payload, kMaskKey, 0);
      for (size_t place = 0; place < 32; ++place) {
        const size_t distance = distances[(size + place) % std::size(distances)];
        std::vector<uint8_t> bytes(place + distance, 0xee);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        loop.unmask(bytes.data() + place, bytes.data() + place + distance, size, key);
        const auto out = bytes.begin() + static_cast<ptrdiff_t>(place);
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), out))
            << size << " bytes, " << distance << " before the input, at " << place;
        ASSERT_EQ(std::count(bytes.begin(), out, 0xee), static_cast<ptrdiff_t>(place));
      }
    }
  }
}

using MaskProperty = test::Seeded;

TEST_F(MaskProperty, PiecesGiveTheSameAsTheWhole) {
  for (int round = 0; round < 300; ++round) {
    const MaskKey key = {Byte(), Byte(), Byte(), Byte()};
    const std::vector<uint8_t> in = Numbers(Between(0, 5000));
    std::vector<uint8_t> out(in.size());
    size_t at = 0;
    while (at < in.size()) {
      const size_t size = Between(1, OneIn(2) ? 8 : in.size() - at);
      const size_t piece = std::min(size, in.size() - at);
      Unmask(out.data() + at, in.data() + at, piece, key, at);
      at += piece;
    }
    ASSERT_EQ(out, Expected(in, key, 0));
  }
}

}  // namespace
}  // namespace sluice::websocket
