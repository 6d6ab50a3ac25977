// The framing `length_prefixed`: each message follows its length.
//
//     +----------------+------+---------------------+
//     | length         | type | payload             |
//     | 1, 2 or 4 bytes| 0, 1 |                     |
//     +----------------+------+---------------------+
//
// The header is the length and, if there is one, the type byte: 1 for text, 2 for binary, the
// opcodes of WebSocket. The length counts only the payload, or with includes_header also the
// complete header. So a message that a service echoes byte for byte returns to the client
// unchanged.
//
// To the client, parts of a message are forwarded at once. To the backend, the length comes first,
// so a message is assembled unless its length is known at its first part. In both directions a
// message is bounded by max_message and by the largest number in the length field.
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
