// The framing `lines`: one message for each line, as in IRC, SMTP-like services and JSON lines.
//
// To the client: a message is a line without its LF or CR LF, whichever is configured; a CR
// elsewhere is data. An empty line is an empty message. Bytes without a line end at the end of the
// stream are a message, too. A line that is complete in one read is not copied; others are
// assembled.
//
// To the backend: the message and the configured line end. A message must not contain more than one
// line, because the text after a line end could be a command that the program in the page did not
// intend. One LF or CR LF at the end of a message counts as its line end, because some clients send
// it. Any other CR or LF is an error, also a CR alone, because many services accept it as a line
// end. A message is sent only when it is complete and valid, so fragments are assembled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/framing/decoder.h"
#include "sluice/framing/encoder.h"

namespace sluice::framing {

enum class LineEnd : uint8_t { kLf, kCrLf };

struct LinesOptions {
  LineEnd end = LineEnd::kCrLf;           ///< what is appended to the client's messages
  size_t max_length = 64 * 1024;          ///< bytes of a line without its end, in both directions
  MessageType type = MessageType::kText;  ///< of the messages to the client
};

std::unique_ptr<Decoder> NewLinesDecoder(const LinesOptions& options);
std::unique_ptr<Encoder> NewLinesEncoder(const LinesOptions& options);

}  // namespace sluice::framing
