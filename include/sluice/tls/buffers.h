// The buffers that the TLS streams of a worker share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.h"

namespace sluice::tls {

/// Belongs to a worker. Its streams can share it because only one of them reads or writes at a
/// time. No bytes stay in it between two calls of a stream.
class Buffers {
 public:
  /// The most payload that is encrypted before it is sent: enough to need few system calls, and few
  /// enough bytes to stay in the CPU's cache. A slow client costs one chunk.
  static constexpr size_t kChunk = 64 * 1024;

  Buffers();

 private:
  friend class RecordInput;
  friend class RecordOutput;

  std::unique_ptr<uint8_t[]> storage_;  // Not touched before it is needed.
  base::MutableBytes input_;            // For received bytes.
  base::Bytes received_;                // The received bytes that are not consumed yet.
  size_t may_receive_ = 0;              // The bytes that the current call may receive at once.
  size_t without_payload_ = 0;          // Received in the current call, without any payload.
  base::MutableBytes output_;           // For bytes to send.
  size_t gathered_ = 0;                 // The number of bytes in it.
};

}  // namespace sluice::tls
