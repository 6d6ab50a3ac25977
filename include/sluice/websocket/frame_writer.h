// Writes the frames that a server sends (RFC 6455 section 5): never masked, lengths in their
// shortest form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/websocket/frame.h"

namespace sluice::websocket {

/// The size of the header for a payload of `length` bytes: 2, 4 or 10.
size_t ServerHeaderSize(uint64_t length);

/// Writes the header of an unfragmented frame to `out`, which has room for
/// ServerHeaderSize(length), and returns its size.
size_t WriteServerHeader(uint8_t* out, Opcode opcode, uint64_t length);

/// Writes a whole control frame to `out`, which has room for kMaxServerControlFrame, and returns
/// its size. `payload` is at most kMaxControlPayload long.
size_t WriteControlFrame(uint8_t* out, Opcode opcode, base::Bytes payload);

/// Writes a whole Close frame with `code` and `reason` (UTF-8, cut between characters to fit), or
/// an empty one without a code.
size_t WriteCloseFrame(uint8_t* out, std::optional<uint16_t> code, std::string_view reason);

}  // namespace sluice::websocket
