// The framing `stream` where the client is to get text: messages are cut as the bytes come, but
// never inside a character, since each text message by itself must be UTF-8 (RFC 6455 section 8.1).
#pragma once

#include <memory>

#include "sluice/framing/decoder.h"

namespace sluice::framing {

/// A message for each read, and a message of its own for a character that a read has cut; so at
/// most three bytes are held. The end inside a character gives that part of it, so that whoever
/// checks UTF-8 finds it.
std::unique_ptr<Decoder> NewTextStreamDecoder();

}  // namespace sluice::framing
