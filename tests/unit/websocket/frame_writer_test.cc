// What a server writes, and that it reads back as it was meant.
#include "sluice/websocket/frame_writer.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "seed.h"
#include "websocket/client_frames.h"
#include "websocket/transcript.h"
#include "websocket/utf8_oracle.h"

namespace sluice::websocket {
namespace {

using base::AsBytes;
using testing::BigEndian;
using testing::Item;
using testing::JudgeUtf8;

constexpr uint8_t kGuard = 0xee;

// Room for a control frame, and bytes behind it that must stay as they are.
struct ControlBuffer {
  ControlBuffer() { bytes.fill(kGuard); }

  // The frame of `size` bytes that was written.
  std::string Frame(size_t size) const {
    for (size_t i = size; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], kGuard) << i;
    return std::string(base::AsText(bytes).substr(0, size));
  }

  std::array<uint8_t, kMaxServerControlFrame + 16> bytes;
};

std::string WrittenHeader(Opcode opcode, uint64_t length) {
  ControlBuffer buffer;
  const size_t size = WriteServerHeader(buffer.bytes.data(), opcode, length);
  EXPECT_EQ(size, ServerHeaderSize(length));
  return buffer.Frame(size);
}

std::string WrittenControl(Opcode opcode, std::string_view payload) {
  ControlBuffer buffer;
  return buffer.Frame(WriteControlFrame(buffer.bytes.data(), opcode, AsBytes(payload)));
}

std::string WrittenClose(std::optional<uint16_t> code, std::string_view reason) {
  ControlBuffer buffer;
  return buffer.Frame(WriteCloseFrame(buffer.bytes.data(), code, reason));
}

TEST(ServerHeaderTest, TheExamplesOfTheRfc) {
  // Section 5.7: unmasked "Hello", 256 bytes and 64 KiB of binary.
  EXPECT_EQ(WrittenHeader(Opcode::kText, 5), std::string("\x81\x05"));
  EXPECT_EQ(WrittenHeader(Opcode::kBinary, 256), std::string("\x82\x7e\x01\x00", 4));
  EXPECT_EQ(WrittenHeader(Opcode::kBinary, 65536),
            std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(ServerHeaderTest, LengthsTakeTheirShortestForm) {
  struct {
    uint64_t length;
    size_t size;
  } const kCases[] = {{0, 2},         {1, 2},     {125, 2},    {126, 4},
                      {127, 4},       {65535, 4}, {65536, 10}, {uint64_t{1} << 32, 10},
                      {INT64_MAX, 10}};
  for (const auto& [length, size] : kCases) {
    EXPECT_EQ(ServerHeaderSize(length), size) << length;
    const std::string header = WrittenHeader(Opcode::kBinary, length);
    ASSERT_EQ(header.size(), size) << length;
    const auto second = static_cast<uint8_t>(header[1]);
    EXPECT_EQ(second, size == 2 ? length : size == 4 ? 126 : 127) << "never masked: " << length;
    EXPECT_EQ(header.substr(2), BigEndian(length, size - 2));
  }
}

TEST(ServerHeaderTest, EveryOpcodeIsAWholeMessage) {
  for (const Opcode opcode : {Opcode::kContinuation, Opcode::kText, Opcode::kBinary, Opcode::kClose,
                              Opcode::kPing, Opcode::kPong}) {
    const std::string header = WrittenHeader(opcode, 1);
    EXPECT_EQ(static_cast<uint8_t>(header[0]), 0x80 | static_cast<uint8_t>(opcode));
  }
}

TEST(ControlFrameTest, EverySizeOfPayload) {
  for (size_t size = 0; size <= kMaxControlPayload; ++size) {
    const std::string payload(size, 'p');
    EXPECT_EQ(WrittenControl(Opcode::kPong, payload),
              std::string("\x8a") + static_cast<char>(size) + payload);
  }
}

TEST(CloseFrameTest, WithoutACodeItIsEmpty) {
  EXPECT_EQ(WrittenClose(std::nullopt, ""), std::string("\x88\x00", 2));
  EXPECT_EQ(WrittenClose(std::nullopt, "a reason needs a code"), std::string("\x88\x00", 2));
}

TEST(CloseFrameTest, CodeAndReason) {
  EXPECT_EQ(WrittenClose(1000, ""), std::string("\x88\x02\x03\xe8"));
  EXPECT_EQ(WrittenClose(1014, "backend_refused"),
            std::string("\x88\x11\x03\xf6") + "backend_refused");
}

TEST(CloseFrameTest, ALongReasonIsCutToFit) {
  const std::string whole(123, 'r');
  const std::string frame = std::string("\x88\x7d\x03\xe8") + whole;
  EXPECT_EQ(WrittenClose(1000, whole), frame);
  EXPECT_EQ(WrittenClose(1000, whole + "x"), frame);
  EXPECT_EQ(WrittenClose(1000, std::string(5000, 'r')), frame);
}

// Section 5.5.1: the reason is UTF-8, so a cut must not leave half a character.
TEST(CloseFrameTest, ALongReasonIsCutBetweenCharacters) {
  for (const uint32_t code : {0xe9u, 0x20acu, 0x1f600u}) {
    const std::string character = testing::EncodeUtf8(code);
    for (size_t before = 110; before <= 123; ++before) {
      std::string reason(before, 'r');
      for (int i = 0; i < 10; ++i) reason += character;
      const std::string kept = WrittenClose(1000, reason).substr(4);
      EXPECT_TRUE(JudgeUtf8(kept).at_boundary) << before << " bytes before U+" << std::hex << code;
      EXPECT_TRUE(reason.starts_with(kept));
      EXPECT_GT(kept.size() + character.size(), 123u) << "no more is cut than must be";
    }
  }
}

TEST(CloseFrameTest, WhatLiesBehindTheReasonIsNoConcern) {
  const std::string whole = std::string(123, 'r') + "\x80";
  EXPECT_EQ(WrittenClose(1000, std::string_view(whole).substr(0, 123)).substr(4),
            whole.substr(0, 123));
}

using FrameWriterProperty = test::Seeded;

// A server's frame with a mask put in is a client's frame, and must read as what was written.
TEST_F(FrameWriterProperty, ReadsBackAsWritten) {
  for (int round = 0; round < 500; ++round) {
    const uint64_t most[] = {3, 125, 130, 70'000};
    std::string payload(Between(0, most[Between(0, 3)]), '\0');
    for (char& c : payload) c = static_cast<char>(Byte());
    std::string wire = WrittenHeader(Opcode::kBinary, payload.size());
    wire[1] |= static_cast<char>(0x80);
    wire.append(testing::kTestKey.begin(), testing::kTestKey.end());
    wire += testing::Masked(payload, testing::kTestKey);

    testing::Transcript expected{{{Item::Kind::kBinary, ""}}, Violation::kNone, wire.size()};
    expected.AddBytes(payload);
    expected.items.push_back({Item::Kind::kEnd, ""});
    ASSERT_EQ(testing::ReadInPieces(wire), expected);
  }
}

}  // namespace
}  // namespace sluice::websocket
