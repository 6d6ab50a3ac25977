// A pool of zlib's states, which are large: with the largest windows 268 KB to compress and 40 KB
// to decompress. Most sessions idle most of the time, so they return states that they do not need
// to the worker's pool, which keeps a few for the next message.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

struct z_stream_s;

namespace sluice::websocket {

struct EndDeflate {
  void operator()(z_stream_s* stream) const;
};
struct EndInflate {
  void operator()(z_stream_s* stream) const;
};
using DeflateStream = std::unique_ptr<z_stream_s, EndDeflate>;
using InflateStream = std::unique_ptr<z_stream_s, EndInflate>;

/// The parameters of a deflate state.
struct DeflateShape {
  int window_bits = 15;  ///< 9 to 15: 2^(window_bits + 2) bytes
  int memory_level = 8;  ///< 1 to 9: 2^(memory_level + 9) bytes
  bool operator==(const DeflateShape&) const = default;
};

/// There is one pool for each worker. Not thread-safe. Outlives the Deflaters and Inflaters that
/// use it. Throws only std::bad_alloc.
class ZlibPool {
 public:
  /// The number of idle states of each kind that are kept.
  static constexpr size_t kMostIdle = 4;

  /// Acquires a state at the start of a stream, with an empty window.
  DeflateStream AcquireDeflate(const DeflateShape& shape);
  InflateStream AcquireInflate(int window_bits);

  /// Returns a state to the pool, even in the middle of a stream.
  void Release(DeflateStream stream, const DeflateShape& shape);
  void Release(InflateStream stream);

  size_t idle_deflate() const { return deflate_.size(); }
  size_t idle_inflate() const { return inflate_.size(); }

 private:
  struct IdleDeflate {
    DeflateShape shape;
    DeflateStream stream;
  };
  std::vector<IdleDeflate> deflate_;  // The one that is idle longest is first.
  std::vector<InflateStream> inflate_;
};

}  // namespace sluice::websocket
