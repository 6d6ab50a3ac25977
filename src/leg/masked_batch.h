// Masked frames for a server, written one behind the other into a buffer, so that what one write
// brought leaves in one send.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/websocket/frame.h"
#include "sluice/websocket/frame_writer.h"
#include "sluice/websocket/mask.h"

namespace sluice::leg {

class MaskedBatch {
 public:
  explicit MaskedBatch(base::MutableBytes buffer) : buffer_(buffer) {}

  /// Where the payload of the next frame is to be written.
  base::MutableBytes Room() const {
    const size_t header_end = size_ + websocket::kMaxClientHeader;
    return header_end < buffer_.size() ? buffer_.subspan(header_end) : base::MutableBytes();
  }

  /// Makes a frame of the first `payload` bytes there. `start` is its first byte.
  void Add(uint8_t start, websocket::MaskKey key, size_t payload) {
    uint8_t* const frame = buffer_.data() + size_;
    size_ += websocket::WriteMaskedFrame(frame, start, key,
                                         {frame + websocket::kMaxClientHeader, payload});
  }

  base::Bytes frames() const { return buffer_.first(size_); }
  bool empty() const { return size_ == 0; }
  void Clear() { size_ = 0; }

 private:
  const base::MutableBytes buffer_;
  size_t size_ = 0;
};

}  // namespace sluice::leg
