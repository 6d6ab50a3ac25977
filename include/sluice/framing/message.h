// What the framings have in common: messages, in pieces, and what can be wrong with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice::framing {

enum class MessageType : uint8_t { kText, kBinary };

/// A part of a message. All parts of a message come in order, and nothing comes between them.
struct MessagePiece {
  MessageType type = MessageType::kBinary;  ///< the same in all parts of a message
  bool begins_message = false;
  bool ends_message = false;
  /// In the first part: how long the message is as a whole, where that is known.
  std::optional<uint64_t> whole_length = std::nullopt;
  base::Bytes payload = {};
};

/// One for each thing that ends a session. The client is at fault in kLineEndInMessage, the backend
/// in all others but kMessageTooLong, where it is who sent the message.
enum class FramingError : uint8_t {
  kNone,
  kMessageTooLong,    ///< over the limit, or more than the length field can say
  kLineEndInMessage,  ///< the message would have become two lines
  kUnknownType,       ///< the type byte is neither text nor binary
  kLengthTooSmall,    ///< the length includes the header and is less than that
  kCutShort,          ///< the backend ended in the middle of a message
};

/// In a few words, for the log; empty for kNone.
std::string_view ToString(FramingError error);

}  // namespace sluice::framing
