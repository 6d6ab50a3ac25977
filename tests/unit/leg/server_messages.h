// The messages that a session has sent to its client: fragments put together, compressed ones
// marked.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/websocket/frame.h"

namespace sluice::leg::testing {

struct Message {
  websocket::Opcode opcode = websocket::Opcode::kBinary;
  std::string payload;
  bool compressed = false;
  size_t frames = 1;
};

/// In the order of their last frames, control frames among them. What has not come as a whole is
/// left out.
inline std::vector<Message> MessagesIn(std::string_view wire) {
  using websocket::Opcode;
  std::vector<Message> messages;
  Message partial;
  bool in_message = false;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(wire[i]); };
  while (wire.size() >= 2) {
    const size_t length_size = byte(1) < 126 ? 0 : byte(1) == 126 ? 2 : 8;
    if (wire.size() < 2 + length_size) break;
    uint64_t length = length_size == 0 ? byte(1) : 0;
    for (size_t i = 0; i < length_size; ++i) length = length << 8 | byte(2 + i);
    if (wire.size() - 2 - length_size < length) break;
    const std::string_view payload = wire.substr(2 + length_size, length);
    const auto opcode = static_cast<Opcode>(byte(0) & websocket::kOpcodeBits);
    const bool compressed = (byte(0) & websocket::kCompressedBit) != 0;
    const bool fin = (byte(0) & websocket::kFinBit) != 0;
    EXPECT_EQ(byte(0) & 0x30, 0) << "RSV2 and RSV3 are never set";
    wire.remove_prefix(2 + length_size + length);
    if ((static_cast<uint8_t>(opcode) & websocket::kControlBit) != 0) {
      EXPECT_TRUE(fin && !compressed);
      messages.push_back({opcode, std::string(payload)});
      continue;
    }
    EXPECT_EQ(opcode == Opcode::kContinuation, in_message) << "frames of a message are in order";
    if (in_message) {
      EXPECT_FALSE(compressed) << "RSV1 is the first frame's";
      partial.payload += payload;
      ++partial.frames;
    } else {
      partial = {opcode, std::string(payload), compressed};
    }
    in_message = !fin;
    if (fin) messages.push_back(partial);
  }
  return messages;
}

}  // namespace sluice::leg::testing
