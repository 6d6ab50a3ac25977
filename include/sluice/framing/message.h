// Types that all framings share: parts of messages, and errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice::framing {

enum class MessageType : uint8_t { kText, kBinary };

/// A part of a message. The parts of a message come in order, without other parts between them.
struct MessagePiece {
  MessageType type = MessageType::kBinary;  ///< the same in all parts of a message
  bool begins_message = false;
  bool ends_message = false;
  /// In the first part: the length of the complete message, if it is known.
  std::optional<uint64_t> whole_length = std::nullopt;
  base::Bytes payload = {};
};

/// The errors that end a session. The client is at fault in kLineEndInMessage, the sender of the
/// message in kMessageTooLong, and the backend in all others.
enum class FramingError : uint8_t {
  kNone,
  kMessageTooLong,    ///< over the limit, or more than the length field can express
  kLineEndInMessage,  ///< the message would have become two lines
  kUnknownType,       ///< the type byte is neither text nor binary
  kLengthTooSmall,    ///< the length includes the header and is less than that
  kCutShort,          ///< the backend ended in the middle of a message
};

/// Returns a short description for the log; empty for kNone.
std::string_view ToString(FramingError error);

}  // namespace sluice::framing
