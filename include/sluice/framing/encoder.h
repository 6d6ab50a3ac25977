// Converts the client's messages to bytes for the backend.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/framing/message.h"

namespace sluice::framing {

/// Bytes to send in the order of the members; all are empty if there is nothing to send yet.
struct Encoded {
  FramingError error = FramingError::kNone;
  base::Bytes prefix = {};   ///< inside the encoder, until its next call
  base::Bytes payload = {};  ///< the piece's payload, or a view of `assembled`
  base::Bytes suffix = {};   ///< lives as long as the program
  /// The assembled bytes, if any. They live as long as this object, not as the encoder.
  std::vector<uint8_t> assembled = {};
};

/// There is one encoder for each session. Not thread-safe.
class Encoder {
 public:
  virtual ~Encoder() = default;

  /// Encodes the next piece. On an error nothing of this piece was encoded, and no piece may
  /// follow.
  virtual Encoded Encode(const MessagePiece& piece) = 0;

  /// The number of kept bytes of an incomplete message.
  virtual size_t held() const = 0;
};

}  // namespace sluice::framing
