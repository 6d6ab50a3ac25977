// Converts the backend's bytes to messages for the client.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/framing/message.h"

namespace sluice::framing {

struct Decoded {
  enum class Kind : uint8_t {
    kNeedMore,  ///< all input is used up
    kPiece,     ///< `piece` has a part of a message, which is empty only if the message is empty
    kError,     ///< see `error`; Next must not be called again
  };
  Kind kind = Kind::kNeedMore;
  FramingError error = FramingError::kNone;
  /// Its payload is a view of the input, or of `assembled`.
  MessagePiece piece = {};
  /// The assembled bytes, if any. They live as long as this object, not as the decoder.
  std::vector<uint8_t> assembled = {};
};

/// There is one decoder for each session. Not thread-safe.
///
/// Text messages are not checked: the session checks that they are UTF-8 (RFC 6455 section 8.1).
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Consumes bytes at the front of `in` up to the next part of a message, or an error. To be
  /// called again until it needs more.
  virtual Decoded Next(base::Bytes& in) = 0;

  /// Ends the input, because the backend has ended. Returns the rest of a message, or kNeedMore if
  /// there is none. To be called once, after Next needed more.
  virtual Decoded End() = 0;

  /// The number of kept bytes of an incomplete message.
  virtual size_t held() const = 0;
};

}  // namespace sluice::framing
