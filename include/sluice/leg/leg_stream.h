// The stream of a leg, with the bytes that were read and not used yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.h"
#include "sluice/leg/io.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/stream.h"

namespace sluice::leg {

/// Belongs to a leg. Destroying it closes the connection.
class LegStream {
 public:
  enum class Content : uint8_t {
    kPayload,  ///< the bytes are the payload
    kFrames,
  };

  /// `received` are bytes that were read from `stream` before.
  LegStream(std::unique_ptr<net::Stream> stream, Content content, base::Bytes received);

  net::Stream& net() const { return *stream_; }

  // ---- Reading ----

  bool readable() const { return !has_ended_ && (has_unread_ || stream_->readable()); }
  /// Reads the bytes of Unread, or else at most `limit` bytes of the stream, which is not 0, to the
  /// front of `buffer`, and returns them in Input::payload. An end after Break is a loss, since the
  /// write that failed has consumed the error.
  Input Read(base::MutableBytes buffer, size_t limit);
  /// Keeps bytes that were read for the next Read, which is needed even if there are none.
  void Unread(base::Bytes first, base::Bytes second);
  size_t unread() const { return has_unread_ ? unread_.size() : 0; }
  /// Returns true if net::Stream::ReadInto works, and returns the next bytes of the payload.
  bool CanReadInto() const {
    return content_ == Content::kPayload && !has_unread_ && stream_->can_read_into();
  }
  /// Returns true if nothing more can be read: Read has returned an end or an error.
  bool has_ended() const { return has_ended_; }
  void StopReading() { has_ended_ = true; }

  // ---- Writing ----

  /// A write has failed, or the peer is lost.
  void Break() { is_broken_ = true; }
  bool is_broken() const { return is_broken_; }
  /// Ends our direction. Only the first call has an effect.
  void ShutDown();
  bool is_shut_down() const { return is_shut_down_; }
  /// Returns true if our direction of the connection has ended, and all of it is sent.
  bool HasSentEnd() const { return is_shut_down_ && !stream_->HasUnsent(); }

  /// What the kernel knows of the bytes that were written.
  struct Progress {
    size_t under_way;  ///< not acknowledged by the peer
    uint64_t taken;    ///< acknowledged since the connection began
  };
  /// A system call.
  Progress progress() const;

  /// Returns true if the peer takes nothing more, though it may have sent bytes before. A system
  /// call.
  bool HasPeerLeft() const;

 private:
  std::unique_ptr<net::Stream> stream_;
  net::ByteQueue unread_;
  Content content_;
  bool has_unread_ = false;  // The next Read does not read the stream.
  bool has_ended_ = false;
  bool is_broken_ = false;
  bool is_shut_down_ = false;
};

}  // namespace sluice::leg
