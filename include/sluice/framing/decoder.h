// From the backend's bytes to messages for the client.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/framing/message.h"

namespace sluice::framing {

struct Decoded {
  enum class Kind : uint8_t {
    kNeedMore,  ///< all input is used up
    kPiece,     ///< `piece` has a part of a message, which is empty only if the message is
    kError,     ///< `error` says what; not to be called again
  };
  Kind kind = Kind::kNeedMore;
  FramingError error = FramingError::kNone;
  /// Its payload is a view of the input, or of `assembled`.
  MessagePiece piece = {};
  /// What had to be assembled. The decoder has let go of it: it lives as long as this does.
  std::vector<uint8_t> assembled = {};
};

/// One for each session. Not thread-safe.
///
/// A text message is as the backend made it: whether it is UTF-8, as RFC 6455 section 8.1 demands
/// of what is sent to the client, is for the session to check, piece by piece.
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Takes bytes from the front of `in` until there is something to tell. To be called again until
  /// it needs more.
  virtual Decoded Next(base::Bytes& in) = 0;

  /// The backend ended behind all that was given: what was left, or kNeedMore if that was nothing.
  /// To be called once, after Next needed more.
  virtual Decoded End() = 0;

  /// Bytes of a message that is not whole yet.
  virtual size_t held() const = 0;
};

}  // namespace sluice::framing
