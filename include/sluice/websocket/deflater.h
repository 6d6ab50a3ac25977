// Compresses messages for the client (RFC 7692 section 7.2.1): raw DEFLATE, flushed at the end of
// each message, and without the 00 00 ff ff that every flush ends in.
//
// Memory. zlib's state is made for the first message that is compressed. Without context takeover
// it goes back to the pool at the end of each; with it, it stays. But a compressor may always
// forget what it sent before, and nobody can tell: Release lets the state of an idle session go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::websocket {

/// What ends each flush and is not sent.
inline constexpr std::array<uint8_t, 4> kDeflateTail = {0x00, 0x00, 0xff, 0xff};

/// One for each client leg. Not thread-safe.
class Deflater {
 public:
  /// The least room for output. Below it, a flush would never be seen to have ended.
  static constexpr size_t kMinOutput = 16;

  struct Output {
    size_t size = 0;    ///< bytes written to `out`
    bool done = false;  ///< all that was given is compressed; the message, if it ends, is whole
  };

  /// `pool` outlives this.
  Deflater(ZlibPool& pool, const DeflateShape& shape, bool context_takeover)
      : pool_(pool), shape_(shape), context_takeover_(context_takeover) {}
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater();

  /// Takes bytes of a message from the front of `in`, which is shorter than 4 GiB, and writes
  /// payload to `out`, which has room for kMinOutput or more. Not done: to be called again with
  /// what is left of `in` and new room. A message that does not end with `in` may be kept inside in
  /// part or whole, so `size` may be 0.
  Output Next(base::Bytes& in, bool ends_message, base::MutableBytes out);

  /// Between messages: lets the state go. In the middle of one it does nothing.
  void Release();

 private:
  ZlibPool& pool_;
  const DeflateShape shape_;
  const bool context_takeover_;
  bool in_message_ = false;  // Bytes of a message have been taken, and it has not ended.
  // The last bytes of the output so far, which may turn out to be the tail.
  uint8_t held_size_ = 0;
  std::array<uint8_t, kDeflateTail.size()> held_{};
  DeflateStream stream_;  // Null if there is nothing to remember.
};

}  // namespace sluice::websocket
