#include "sluice/framing/message.h"

namespace sluice::framing {

std::string_view ToString(FramingError error) {
  switch (error) {
    case FramingError::kNone:
      return "";
    case FramingError::kMessageTooLong:
      return "a message is longer than the framing or its limit allows";
    case FramingError::kLineEndInMessage:
      return "a message for a service of lines has a line end inside";
    case FramingError::kUnknownType:
      return "a message's type byte is neither 1 (text) nor 2 (binary)";
    case FramingError::kLengthTooSmall:
      return "a message's length, which includes its header, is less than the header's";
    case FramingError::kCutShort:
      return "the backend ended in the middle of a message";
  }
  return "";
}

}  // namespace sluice::framing
