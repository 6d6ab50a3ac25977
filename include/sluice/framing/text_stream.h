// The framing `stream` with text messages to the client. Messages end where reads end, but never
// inside a character, because each text message must be valid UTF-8 (RFC 6455 section 8.1).
#pragma once

#include <memory>

#include "sluice/framing/decoder.h"

namespace sluice::framing {

/// Creates a decoder that returns one message for each read, and a separate message for a character
/// that was split by a read; so at most three bytes are kept. If the stream ends inside a
/// character, that part is a message, so that the check of UTF-8 finds the error.
std::unique_ptr<Decoder> NewTextStreamDecoder();

}  // namespace sluice::framing
