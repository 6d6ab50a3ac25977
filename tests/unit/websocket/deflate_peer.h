// The other side of permessage-deflate, as RFC 7692 section 7.2 has it: whole messages, zlib called
// in the plainest way. And what drives a Deflater or an Inflater in pieces. Used by unit tests and
// fuzzers.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "sluice/websocket/deflater.h"
#include "sluice/websocket/inflater.h"

namespace sluice::websocket::testing {

inline const std::string kTail("\x00\x00\xff\xff", 4);

/// How a peer compresses.
struct PeerOptions {
  int window_bits = 15;
  int level = 6;
  int strategy = Z_DEFAULT_STRATEGY;
  bool context_takeover = true;
  bool final_blocks = false;  ///< section 7.2.3.4: BFINAL is set, and an empty block follows
};

class PeerDeflater {
 public:
  explicit PeerDeflater(const PeerOptions& options) : options_(options) { Start(); }
  PeerDeflater(const PeerDeflater&) = delete;
  PeerDeflater& operator=(const PeerDeflater&) = delete;
  ~PeerDeflater() { deflateEnd(&z_); }

  /// The payload of one message.
  std::string Compress(std::string_view message) {
    if (message.empty()) return std::string(1, '\0');
    std::string payload(deflateBound(&z_, message.size()) + 64, '\0');
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    z_.avail_in = static_cast<uInt>(message.size());
    z_.next_out = reinterpret_cast<Bytef*>(payload.data());
    z_.avail_out = static_cast<uInt>(payload.size());
    const int result = deflate(&z_, options_.final_blocks ? Z_FINISH : Z_SYNC_FLUSH);
    if (result != (options_.final_blocks ? Z_STREAM_END : Z_OK) || z_.avail_out == 0) {
      throw std::logic_error("the peer cannot compress");
    }
    payload.resize(payload.size() - z_.avail_out);
    if (options_.final_blocks) {
      payload += '\0';
    } else {
      payload.resize(payload.size() - kTail.size());
    }
    if (options_.final_blocks || !options_.context_takeover) deflateReset(&z_);
    return payload;
  }

 private:
  void Start() {
    if (deflateInit2(&z_, options_.level, Z_DEFLATED, -options_.window_bits, 8,
                     options_.strategy) != Z_OK) {
      throw std::logic_error("the peer cannot begin to compress");
    }
  }

  const PeerOptions options_;
  z_stream z_{};
};

class PeerInflater {
 public:
  explicit PeerInflater(int window_bits = 15, bool context_takeover = true)
      : context_takeover_(context_takeover) {
    if (inflateInit2(&z_, -window_bits) != Z_OK) throw std::logic_error("the peer cannot begin");
  }
  PeerInflater(const PeerInflater&) = delete;
  PeerInflater& operator=(const PeerInflater&) = delete;
  ~PeerInflater() { inflateEnd(&z_); }

  /// The message that a payload stands for; nothing if it is corrupt, or if the tail does not end a
  /// block, as it does in all that section 7.2.1 makes.
  std::optional<std::string> Decompress(const std::string& payload) {
    std::string message;
    if (!Feed(payload + kTail, message) || z_.data_type != 128) return std::nullopt;
    if (!context_takeover_) inflateReset(&z_);
    return message;
  }

 private:
  bool Feed(const std::string& bytes, std::string& message) {
    std::vector<char> room(1 << 16);
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z_.avail_in = static_cast<uInt>(bytes.size());
    do {
      z_.next_out = reinterpret_cast<Bytef*>(room.data());
      z_.avail_out = static_cast<uInt>(room.size());
      const int result = inflate(&z_, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_BUF_ERROR) return false;
      message.append(room.data(), room.size() - z_.avail_out);
    } while (z_.avail_out == 0);
    return true;
  }

  const bool context_takeover_;
  z_stream z_{};
};

/// A number from 1 on: the size of the next piece of input, or of the next room for output.
using NextSize = std::function<size_t()>;

inline NextSize Always(size_t size) {
  return [size] { return size; };
}

/// The payload of `message`, given to the deflater in pieces of `in` bytes, with room for `out`.
inline std::string CompressInPieces(Deflater& deflater, std::string_view message,
                                    const NextSize& in = Always(SIZE_MAX),
                                    const NextSize& out = Always(1 << 16)) {
  std::string payload;
  bool ends = false;
  while (!ends) {
    const std::string_view piece = message.substr(0, in());
    message.remove_prefix(piece.size());
    ends = message.empty();
    base::Bytes rest = base::AsBytes(piece);
    for (bool done = false; !done;) {
      std::vector<uint8_t> room(out());
      const Deflater::Output output = deflater.Next(rest, ends, room);
      payload += base::AsText(base::Bytes(room).first(output.size));
      done = output.done;
      if (!done && output.size == 0) throw std::logic_error("the deflater stands still");
    }
    if (!rest.empty()) throw std::logic_error("the deflater left input");
  }
  return payload;
}

struct Inflated {
  Inflater::Status status = Inflater::Status::kDone;
  std::string message;  ///< up to where it failed
  bool operator==(const Inflated&) const = default;
};

/// The message of `payload`, given to the inflater likewise.
inline Inflated InflateInPieces(Inflater& inflater, std::string_view payload,
                                const NextSize& in = Always(SIZE_MAX),
                                const NextSize& out = Always(1 << 16)) {
  Inflated inflated;
  bool ends = false;
  while (!ends) {
    const std::string_view piece = payload.substr(0, in());
    payload.remove_prefix(piece.size());
    ends = payload.empty();
    base::Bytes rest = base::AsBytes(piece);
    do {
      std::vector<uint8_t> room(out());
      const Inflater::Output output = inflater.Next(rest, ends, room);
      inflated.status = output.status;
      if (output.status > Inflater::Status::kMore) return inflated;
      if (output.status == Inflater::Status::kMore && output.size != room.size()) {
        throw std::logic_error("the inflater left room");
      }
      inflated.message += base::AsText(base::Bytes(room).first(output.size));
    } while (inflated.status == Inflater::Status::kMore);
    if (!rest.empty()) throw std::logic_error("the inflater left input");
  }
  return inflated;
}

}  // namespace sluice::websocket::testing
