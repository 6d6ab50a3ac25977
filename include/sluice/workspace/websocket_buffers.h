// What all WebSockets to backends of a worker share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.h"
#include "sluice/net/random.h"
#include "sluice/websocket/frame.h"

namespace sluice::workspace {

/// Belongs to one thread. Only one WebSocket reads or writes at a time, and no bytes stay in the
/// buffers between two calls.
class WebSocketBuffers {
 public:
  /// The most payload of a frame to a backend. A slow server costs one frame, which cannot be taken
  /// back once it is masked.
  static constexpr size_t kChunk = 64 * 1024;
  static constexpr size_t kInputSize = 64 * 1024;
  static constexpr size_t kOutputSize = kChunk + websocket::kMaxClientHeader;

  WebSocketBuffers()
      : storage_(std::make_unique_for_overwrite<uint8_t[]>(kInputSize + kOutputSize)) {}

  /// For frames whose payload is decoded to another buffer.
  base::MutableBytes input() { return {storage_.get(), kInputSize}; }
  /// For masked frames.
  base::MutableBytes output() { return {storage_.get() + kInputSize, kOutputSize}; }
  /// For masks and handshake keys.
  net::RandomBytes& random() { return random_; }

 private:
  const std::unique_ptr<uint8_t[]> storage_;  // Not initialised: its pages cost nothing unused.
  net::RandomBytes random_;
};

}  // namespace sluice::workspace
