// Compresses messages for the client (RFC 7692 section 7.2.1): raw DEFLATE, flushed at the end of
// each message, without the final 00 00 ff ff of each flush.
//
// Memory: zlib's state is created for the first compressed message. Without context takeover it
// returns to the pool after each message; with it, the session keeps it. But a compressor may
// always start again with an empty window, which the client does not notice: Release returns the
// state of an idle session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::websocket {

/// The end of each flush, which is not sent.
inline constexpr std::array<uint8_t, 4> kDeflateTail = {0x00, 0x00, 0xff, 0xff};

/// There is one deflater for each client leg. Not thread-safe.
class Deflater {
 public:
  /// The least room for output. With less, the end of a flush could not be detected.
  static constexpr size_t kMinOutput = 16;

  struct Output {
    size_t size = 0;    ///< bytes written to `out`
    bool done = false;  ///< all input is compressed; a message that ends is complete
  };

  /// `pool` outlives the deflater.
  Deflater(ZlibPool& pool, const DeflateShape& shape, bool context_takeover)
      : pool_(pool), shape_(shape), context_takeover_(context_takeover) {}
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater();

  /// Consumes bytes of a message at the front of `in`, which is shorter than 4 GiB, and writes
  /// payload to `out`, which has room for kMinOutput or more. If not done, it is to be called again
  /// with the rest of `in` and new room. If the message does not end with `in`, the deflater may
  /// keep all its bytes, so `size` may be 0.
  Output Next(base::Bytes& in, bool ends_message, base::MutableBytes out);

  /// Releases the state between messages. No effect in the middle of a message.
  void Release();

 private:
  ZlibPool& pool_;
  const DeflateShape shape_;
  const bool context_takeover_;
  bool in_message_ = false;  // A message has begun and has not ended.
  // The last bytes of the output so far, which may be the tail.
  uint8_t held_size_ = 0;
  std::array<uint8_t, kDeflateTail.size()> held_{};
  DeflateStream stream_;  // Null: the window is empty.
};

}  // namespace sluice::websocket
