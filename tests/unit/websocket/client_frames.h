// Builds frames as a client sends them (RFC 6455 section 5.2), the illegal ones too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/websocket/frame.h"
#include "sluice/websocket/mask.h"

namespace sluice::websocket::testing {

/// Bytes on the wire. Strings compare and print well in tests.
using Wire = std::string;

inline constexpr MaskKey kTestKey = {0x37, 0xfa, 0x21, 0x3d};  // Of RFC 6455 section 5.7.

inline std::string BigEndian(uint64_t value, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = size; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

/// The XOR of section 5.3, a byte at a time.
inline std::string Masked(std::string_view payload, MaskKey key) {
  std::string masked(payload);
  for (size_t i = 0; i < masked.size(); ++i) {
    masked[i] = static_cast<char>(static_cast<uint8_t>(masked[i]) ^ key[i % key.size()]);
  }
  return masked;
}

/// A frame; by default a legal one. What a test sets apart from that is what it tests.
struct ClientFrame {
  Opcode opcode = Opcode::kBinary;
  std::string payload = {};
  bool fin = true;
  uint8_t reserved_bits = 0;  ///< of kReservedBitsMask
  bool masked = true;
  MaskKey key = kTestKey;
  /// The length to announce; unset: the payload's own.
  std::optional<uint64_t> announced = std::nullopt;
  /// How many bytes the length takes after the second byte (0, 2, 8); unset: as few as will do.
  std::optional<size_t> length_size = std::nullopt;

  uint64_t length() const { return announced.value_or(payload.size()); }

  size_t LengthSize() const {
    if (length_size) return *length_size;
    if (length() <= 125) return 0;
    return length() <= 65535 ? 2 : 8;
  }

  /// The header alone.
  Wire Header() const {
    const size_t size = LengthSize();
    const uint64_t length7 = size == 0 ? length() : size == 2 ? 126 : 127;
    Wire wire;
    wire += static_cast<char>((fin ? 0x80 : 0) | reserved_bits | static_cast<uint8_t>(opcode));
    wire += static_cast<char>((masked ? 0x80u : 0u) | length7);
    wire += BigEndian(length(), size);
    if (masked) wire.append(key.begin(), key.end());
    return wire;
  }

  /// The header and the payload that is there.
  Wire Bytes() const { return Header() + (masked ? Masked(payload, key) : payload); }
};

inline Wire Text(std::string payload, bool fin = true) {
  return ClientFrame{.opcode = Opcode::kText, .payload = std::move(payload), .fin = fin}.Bytes();
}
inline Wire Binary(std::string payload, bool fin = true) {
  return ClientFrame{.opcode = Opcode::kBinary, .payload = std::move(payload), .fin = fin}.Bytes();
}
inline Wire Continuation(std::string payload, bool fin = true) {
  return ClientFrame{.opcode = Opcode::kContinuation, .payload = std::move(payload), .fin = fin}
      .Bytes();
}
inline Wire Ping(std::string payload) {
  return ClientFrame{.opcode = Opcode::kPing, .payload = std::move(payload)}.Bytes();
}
inline Wire Pong(std::string payload) {
  return ClientFrame{.opcode = Opcode::kPong, .payload = std::move(payload)}.Bytes();
}
/// A Close frame with this payload, the code included.
inline Wire Close(std::string payload) {
  return ClientFrame{.opcode = Opcode::kClose, .payload = std::move(payload)}.Bytes();
}
inline Wire Close(uint16_t code, std::string_view reason) {
  return Close(BigEndian(code, 2).append(reason));
}

}  // namespace sluice::websocket::testing
