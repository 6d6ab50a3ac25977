// The frames that a server sends, and what tests compare them with.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/websocket/frame.h"

#include "websocket/client_frames.h"

namespace sluice::leg::testing {

struct Frame {
  websocket::Opcode opcode;
  std::string payload;
  bool operator==(const Frame&) const = default;
};

inline void PrintTo(const Frame& frame, std::ostream* out) {
  *out << "opcode " << static_cast<int>(frame.opcode) << ", " << frame.payload.size() << " bytes";
  if (frame.payload.size() < 150) *out << ": " << ::testing::PrintToString(frame.payload);
}

/// The frames that a server has sent. A part of a frame at the end is left out.
inline std::vector<Frame> FramesIn(std::string_view wire) {
  std::vector<Frame> frames;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(wire[i]); };
  while (wire.size() >= 2) {
    EXPECT_EQ(byte(0) & 0xf0, 0x80) << "every frame is final and has no reserved bits";
    EXPECT_EQ(byte(1) & 0x80, 0) << "a server does not mask";
    const size_t length_size = byte(1) < 126 ? 0 : byte(1) == 126 ? 2 : 8;
    uint64_t length = byte(1) & 0x7f;
    if (wire.size() < 2 + length_size) break;
    if (length_size != 0) length = 0;
    for (size_t i = 0; i < length_size; ++i) length = length << 8 | byte(2 + i);
    if (wire.size() - 2 - length_size < length) break;
    frames.push_back({static_cast<websocket::Opcode>(byte(0) & 0x0f),
                      std::string(wire.substr(2 + length_size, length))});
    wire.remove_prefix(2 + length_size + length);
  }
  return frames;
}

/// A frame as a server sends it.
inline std::string ServerFrame(websocket::Opcode opcode, std::string payload, bool fin = true) {
  return websocket::testing::ClientFrame{
      .opcode = opcode, .payload = std::move(payload), .fin = fin, .masked = false}
      .Bytes();
}

/// The payload of a Close frame.
inline std::string CloseBody(uint16_t code, std::string_view reason) {
  return websocket::testing::BigEndian(code, 2).append(reason);
}

/// Bytes that tell their place, so that one lost or doubled is found.
inline std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31) ^ (i >> 8));
  return bytes;
}

}  // namespace sluice::leg::testing
