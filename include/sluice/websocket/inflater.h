// Decompresses messages of the client (RFC 7692 section 7.2.2), in pieces of any size on both
// sides, so that no message is assembled.
//
// Every valid stream is taken, also one with final blocks in it (section 7.2.3.4): what follows
// such a block is read as a new stream that shares the window of the old one. A message must end
// where the tail 00 00 ff ff, put behind it, ends a block; one that is cut short is corrupt, as the
// next would be. If a message ends exactly behind a block without the tail (no bytes at all, a
// final block with nothing behind it, or a tail that was left on), it is whole as it is: such
// compressors exist.
//
// Memory. zlib's state is made for the first compressed message: 7 KB, and the window once there is
// something to remember. Without context takeover it goes back to the pool at the end of each
// message; with it, it stays until the session ends, for a decompressor cannot forget.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::websocket {

/// What a message may inflate to: a few bytes can become a thousand times as many. It may have
/// `message` bytes, or `ratio` times the compressed bytes of it that have come, whichever is more.
struct InflateLimits {
  uint64_t message = 0;
  uint32_t ratio = 0;
};

/// One for each client leg. Not thread-safe.
class Inflater {
 public:
  enum class Status : uint8_t {
    kDone,      ///< all of `in` is used up; the message, if it ends, is whole
    kMore,      ///< `out` is full: to be called again with what is left of `in` and new room
    kCorrupt,   ///< this is no valid DEFLATE data, or it is cut short; not to be called again
    kTooLarge,  ///< the message is over the limits; not to be called again
  };
  struct Output {
    Status status = Status::kDone;
    size_t size = 0;  ///< bytes written to `out`, to be used unless the status is an error
  };

  /// `pool` outlives this. `window_bits` is what was agreed, 8 to 15.
  Inflater(ZlibPool& pool, int window_bits, bool context_takeover, const InflateLimits& limits);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  /// Takes payload of a compressed message from the front of `in`, which is shorter than 4 GiB, and
  /// writes what it stands for to `out`, which has room for a byte or more.
  Output Next(base::Bytes& in, bool ends_message, base::MutableBytes out);

 private:
  Status Run(base::Bytes& in, base::MutableBytes out, size_t& size);
  Status RunTail(base::MutableBytes out, size_t& size);
  void EndMessage();

  ZlibPool& pool_;
  const int window_bits_;
  const bool context_takeover_;
  bool at_boundary_ = true;  // The last byte that was read ends a block.
  uint8_t tail_used_ = 0;    // Bytes of the tail that have been read.
  const InflateLimits limits_;
  uint64_t received_ = 0;  // Compressed bytes of the message that were used up.
  uint64_t inflated_ = 0;  // Bytes of the message so far.
  InflateStream stream_;   // Null if there is nothing to remember.
};

}  // namespace sluice::websocket
