// One message for each line, as IRC, SMTP-like services and JSON lines have it.
//
// To the client: a line without its LF or CR LF, whichever of the two is configured; a CR elsewhere
// is data. An empty line is an empty message. What the backend sends last without a line end is a
// message as well, rather than lost. A line that lies whole in what was read is not copied; one
// that does not is assembled.
//
// To the backend: the message and the configured line end. Decided: a message is never more than
// one line, since what stands behind a line end would be a command that the program in the page did
// not mean to send. One LF or CR LF at the end of a message is taken as its line end, which some
// clients send along; any other CR or LF is an error, the CR too, because many services take it for
// a line end. A message is given on only when it is whole and without fault, so fragments are
// assembled.
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
