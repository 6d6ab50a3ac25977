// Decompresses messages of the client (RFC 7692 section 7.2.2). Input and output are pieces of any
// size, so that no message is assembled.
//
// Every valid stream is accepted, also one with final blocks (section 7.2.3.4): the bytes after
// such a block are a new stream that shares the window of the old one. A message must end such that
// an appended tail 00 00 ff ff ends a block; a truncated message is corrupt, because the next one
// would be, too. A message that ends exactly after a block without the tail is complete: it is
// empty, or has nothing after a final block, or includes the tail. Some compressors send such
// messages.
//
// Memory: zlib's state is created for the first compressed message: 7 KB, and the window when it is
// not empty. Without context takeover it returns to the pool after each message; with it, it is
// kept until the session ends, because a decompressor needs its window.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::websocket {

/// The limits of an inflated message, because a few bytes can become a thousand times as many. A
/// message may have `message` bytes, or `ratio` times its compressed bytes so far, whichever is
/// more.
struct InflateLimits {
  uint64_t message = 0;
  uint32_t ratio = 0;
};

/// There is one inflater for each client leg. Not thread-safe.
class Inflater {
 public:
  enum class Status : uint8_t {
    kDone,      ///< all of `in` is consumed; a message that ends is complete
    kMore,      ///< `out` is full: to be called again with the rest of `in` and new room
    kCorrupt,   ///< the DEFLATE data is invalid or truncated; must not be called again
    kTooLarge,  ///< the message exceeds the limits; must not be called again
  };
  struct Output {
    Status status = Status::kDone;
    size_t size = 0;  ///< bytes written to `out`, valid unless the status is an error
  };

  /// `pool` outlives the inflater. `window_bits` is the agreed size, 8 to 15.
  Inflater(ZlibPool& pool, int window_bits, bool context_takeover, const InflateLimits& limits);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  /// Consumes payload of a compressed message at the front of `in`, which is shorter than 4 GiB,
  /// and writes the decompressed bytes to `out`, which has room for a byte or more.
  Output Next(base::Bytes& in, bool ends_message, base::MutableBytes out);

 private:
  Status Run(base::Bytes& in, base::MutableBytes out, size_t& size);
  Status RunTail(base::MutableBytes out, size_t& size);
  void EndMessage();

  ZlibPool& pool_;
  const int window_bits_;
  const bool context_takeover_;
  bool at_boundary_ = true;  // The last byte that was read ends a block.
  uint8_t tail_used_ = 0;    // The bytes of the tail that have been consumed.
  const InflateLimits limits_;
  uint64_t received_ = 0;  // The compressed bytes of the message that have been consumed.
  uint64_t inflated_ = 0;  // The decompressed bytes of the message so far.
  InflateStream stream_;   // Null: the window is empty.
};

}  // namespace sluice::websocket
