// Each message with its length before it:
//
//     +----------------+------+---------------------+
//     | length         | type | payload             |
//     | 1, 2 or 4 bytes| 0, 1 |                     |
//     +----------------+------+---------------------+
//
// The header is the length and, if there is one, the type byte: 1 for text, 2 for binary, the
// opcodes of WebSocket. The length counts the payload alone, or with includes_header the whole
// header, too. So what a service sends back byte for byte comes out as the message that went in.
//
// To the client nothing is assembled: a message goes on as it comes. To the backend the length must
// come first, so a message is assembled unless its first piece says how long it is. In both
// directions a message is at most max_message long, and no more than the field can say.
#pragma once

#include <cstdint>
#include <memory>

#include "sluice/framing/decoder.h"
#include "sluice/framing/encoder.h"

namespace sluice::framing {

enum class ByteOrder : uint8_t { kBig, kLittle };

struct LengthPrefixedOptions {
  uint8_t size = 4;  ///< bytes of the length: 1, 2 or 4
  ByteOrder order = ByteOrder::kBig;
  bool includes_header = false;
  bool type_byte = false;
  MessageType type = MessageType::kBinary;  ///< of the messages to the client without a type byte
  size_t max_message = 16 * 1024 * 1024;    ///< bytes of payload
};

std::unique_ptr<Decoder> NewLengthPrefixedDecoder(const LengthPrefixedOptions& options);
std::unique_ptr<Encoder> NewLengthPrefixedEncoder(const LengthPrefixedOptions& options);

}  // namespace sluice::framing
