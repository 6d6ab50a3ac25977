// Writes frames (RFC 6455 section 5): a server's without a mask, a client's with a mask; lengths in
// their shortest form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/websocket/frame.h"
#include "sluice/websocket/mask.h"

namespace sluice::websocket {

/// Returns the size of the header for a payload of `length` bytes: 2, 4 or 10.
size_t ServerHeaderSize(uint64_t length);

/// Writes the header of an unfragmented frame to `out`, which has room for
/// ServerHeaderSize(length), and returns its size.
size_t WriteServerHeader(uint8_t* out, Opcode opcode, uint64_t length);

/// Writes a control frame to `out`, which has room for kMaxServerControlFrame, and returns its
/// size. `payload` is at most kMaxControlPayload long.
size_t WriteControlFrame(uint8_t* out, Opcode opcode, base::Bytes payload);

/// Writes a Close frame with `code` and `reason` (UTF-8, shortened between characters to fit), or
/// an empty one without a code.
size_t WriteCloseFrame(uint8_t* out, std::optional<uint16_t> code, std::string_view reason);

/// Writes a client's frame to `out`, which has room for kMaxClientHeader and the payload, and
/// returns its size. `start` is its first byte. `key` is new in each frame and unpredictable
/// (section 5.3). `payload` may be at out + kMaxClientHeader; otherwise it does not overlap `out`.
size_t WriteMaskedFrame(uint8_t* out, uint8_t start, MaskKey key, base::Bytes payload);

/// Writes a client's Close frame, with `code` and `reason` as in WriteCloseFrame.
size_t WriteMaskedCloseFrame(uint8_t* out, MaskKey key, std::optional<uint16_t> code,
                             std::string_view reason);

}  // namespace sluice::websocket
