// How the bytes of a backend map to WebSocket messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

namespace sluice::settings {

enum class MessageType : uint8_t { kText, kBinary };

enum class LineEnd : uint8_t { kLf, kCrLf };

enum class ByteOrder : uint8_t { kBig, kLittle };

/// Bytes without message boundaries: each read becomes a message.
struct StreamFraming {
  MessageType type = MessageType::kBinary;  ///< of the messages to the client

  bool operator==(const StreamFraming&) const = default;
};

/// One message for each line.
struct LinesFraming {
  LineEnd end = LineEnd::kCrLf;           ///< what is appended to the client's messages
  size_t max_length = 64 * 1024;          ///< bytes of a line without its end; more: 1009
  MessageType type = MessageType::kText;  ///< of the messages to the client

  bool operator==(const LinesFraming&) const = default;
};

/// A length, an optional type byte, then the message.
struct LengthPrefixedFraming {
  uint8_t size = 4;  ///< bytes of the length: 1, 2 or 4
  ByteOrder order = ByteOrder::kBig;
  bool includes_header = false;             ///< the length includes itself and the type byte
  bool type_byte = false;                   ///< a byte after the length: 1 for text, 2 for binary
  MessageType type = MessageType::kBinary;  ///< of the messages to the client without a type byte

  bool operator==(const LengthPrefixedFraming&) const = default;
};

using Framing = std::variant<StreamFraming, LinesFraming, LengthPrefixedFraming>;

}  // namespace sluice::settings
