// The buffers that all sessions of a worker share, so that an idle session owns none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.h"

namespace sluice::workspace {

/// Bytes that one direction of a session may queue, and that one read returns at most: the size of
/// the scratch buffer's payload part.
inline constexpr size_t kQueueMark = 256 * 1024;

/// Belongs to one thread. A caller that fills a buffer is done with it before it returns to the
/// loop.
class Buffers {
 public:
  Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  /// For what is read: kQueueMark bytes. A frame header may be written directly before them.
  base::MutableBytes scratch() const { return storage_->payload; }
  /// For payload that is made of the messages in scratch(). A frame header may be written directly
  /// before it.
  base::MutableBytes decoded() const { return storage_->decoded; }
  /// For the frames that are made of payload.
  base::MutableBytes output() const { return storage_->output; }

 private:
  // Half a page off. The kernel copies with `rep movsb`, which on many processors takes sixteen
  // times as long when the destination lies less than 16 bytes after the source, modulo a page
  // (docs/performance.md); and the kernel's own buffers begin at the start of a page.
  struct Storage {
    alignas(4096) std::array<uint8_t, 2048> head_room;
    std::array<uint8_t, kQueueMark> payload;
    std::array<uint8_t, 64> decoded_head_room;
    std::array<uint8_t, kQueueMark + 4096> decoded;  // A complete read and its overhead.
    std::array<uint8_t, kQueueMark + 4096> output;
  };

  const std::unique_ptr<Storage> storage_;
};

}  // namespace sluice::workspace
