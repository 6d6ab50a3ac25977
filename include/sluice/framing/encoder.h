// From the client's messages to bytes for the backend.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/framing/message.h"

namespace sluice::framing {

/// Bytes to be sent in the order of the members; all are empty if there is nothing to send yet.
struct Encoded {
  FramingError error = FramingError::kNone;
  base::Bytes prefix = {};   ///< inside the encoder, until its next call
  base::Bytes payload = {};  ///< the piece's own, or a view of `assembled`
  base::Bytes suffix = {};   ///< lives as long as the program
  /// What had to be assembled. The encoder has let go of it: it lives as long as this does.
  std::vector<uint8_t> assembled = {};
};

/// One for each session. Not thread-safe.
class Encoder {
 public:
  virtual ~Encoder() = default;

  /// Takes the next piece. With an error nothing of this piece was encoded, and nothing must
  /// follow.
  virtual Encoded Take(const MessagePiece& piece) = 0;

  /// Bytes of a message that is not whole yet.
  virtual size_t held() const = 0;
};

}  // namespace sluice::framing
