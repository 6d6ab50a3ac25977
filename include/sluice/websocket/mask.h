// Masking of the client's payload (RFC 6455 section 5.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/websocket/frame.h"

namespace sluice::websocket {

using MaskKey = std::array<uint8_t, kMaskSize>;

/// Writes `size` bytes of `in`, each XORed with its byte of the key, to `out`. `offset` is the
/// position of in[0] in the frame's payload. `out` may equal `in`, or be before it and overlap it,
/// so that the payloads of small frames can be compacted in the same pass; it must not begin inside
/// `in`.
void Unmask(uint8_t* out, const uint8_t* in, size_t size, MaskKey key, uint64_t offset);

}  // namespace sluice::websocket
