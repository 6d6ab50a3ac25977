// The constants of the WebSocket wire format (RFC 6455 section 5.2):
//
//      0               1               2               3
//      0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
//     +-+-+-+-+-------+-+-------------+-------------------------------+
//     |F|R|R|R| opcode|M| length (7)  |   16 or 64 bits of length,    |
//     |I|S|S|S|  (4)  |A|             |   if length is 126 or 127     |
//     |N|V|V|V|       |S|             |                               |
//     | |1|2|3|       |K|             |   4 bytes of mask, if MASK    |
//     +-+-+-+-+-------+-+-------------+-------------------------------+
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::websocket {

enum class Opcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xa,
  kEnd = 0xb,  ///< only with the extension of half_close.h
};

inline constexpr uint8_t kFinBit = 0x80;
inline constexpr uint8_t kReservedBitsMask = 0x70;
inline constexpr uint8_t kCompressedBit = 0x40;  // RSV1, with permessage-deflate (RFC 7692).
inline constexpr uint8_t kOpcodeBits = 0x0f;
inline constexpr uint8_t kControlBit = 0x08;  // Set in the opcodes of all control frames.
inline constexpr uint8_t kMaskBit = 0x80;

/// The first byte of an unfragmented frame.
constexpr uint8_t StartOf(Opcode opcode) {
  return static_cast<uint8_t>(kFinBit | static_cast<uint8_t>(opcode));
}

inline constexpr uint8_t kLengthBits = 0x7f;
inline constexpr uint8_t kLength16 = 126;
inline constexpr uint8_t kLength64 = 127;

inline constexpr size_t kMaskSize = 4;
/// The maximum payload of a control frame (section 5.5).
inline constexpr size_t kMaxControlPayload = 125;
/// Two bytes, eight of length, four of mask.
inline constexpr size_t kMaxClientHeader = 14;
/// The frames of a server have no mask.
inline constexpr size_t kMaxServerHeader = 10;
inline constexpr size_t kMaxServerControlFrame = 2 + kMaxControlPayload;

}  // namespace sluice::websocket
