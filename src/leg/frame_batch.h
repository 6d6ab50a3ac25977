// Frames written one after the other into a buffer, so that the messages of one read are sent with
// one write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sluice/base/bytes.h"
#include "sluice/leg/frame_encoder.h"

namespace sluice::leg {

class FrameBatch {
 public:
  /// `encoder` outlives the batch.
  FrameBatch(base::MutableBytes buffer, const FrameEncoder& encoder)
      : buffer_(buffer), encoder_(encoder) {}

  /// Returns the room for the payload of the next frame.
  base::MutableBytes Room() const {
    const size_t header_end = size_ + kHeaderRoom;
    return header_end < buffer_.size() ? buffer_.subspan(header_end) : base::MutableBytes();
  }

  /// Adds a frame with the first `payload` bytes of the room. `start` is its first byte.
  void Add(uint8_t start, size_t payload) {
    const base::Bytes frame = encoder_.Complete(start, Room().first(payload));
    std::memmove(buffer_.data() + size_, frame.data(), frame.size());
    size_ += frame.size();
  }

  base::Bytes frames() const { return buffer_.first(size_); }
  bool empty() const { return size_ == 0; }
  void Clear() { size_ = 0; }

 private:
  const base::MutableBytes buffer_;
  const FrameEncoder& encoder_;
  size_t size_ = 0;
};

}  // namespace sluice::leg
