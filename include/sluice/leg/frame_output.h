// The frames that a WebSocket leg has to send: messages, and the control frames between them.
//
// Order: the rest of a frame that has been begun; pings and pongs; queued messages; the end of our
// direction (websocket/half_close.h); then a Close (RFC 6455 section 5.5.1: nothing follows it). In
// the usual case no frame waits and the peer takes all: then a message is one write from the
// caller's buffer, without a copy and without an allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/leg/frame_encoder.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/pipe.h"
#include "sluice/net/stream.h"
#include "sluice/websocket/frame.h"

namespace sluice::leg {

/// Belongs to a leg. A call that writes returns kOk if nothing is left to write, kWouldBlock if the
/// peer takes no more for now, and kError if the connection is broken.
class FrameOutput {
 public:
  using Status = net::IoResult::Status;

  explicit FrameOutput(FrameEncoder encoder) : encoder_(encoder) {}

  const FrameEncoder& encoder() const { return encoder_; }

  /// Sends `payload` as a binary message in one frame. `payload` has kHeaderRoom bytes of room
  /// before it, and is masked in place. What the peer does not take is queued.
  Status SendMessage(net::Stream& stream, base::MutableBytes payload);

  /// Sends complete frames of messages. What the peer does not take is queued.
  Status SendFrames(net::Stream& stream, base::Bytes frames);

  /// Sends the content of `pipe`, which is not empty, as a binary message. Only of a server, and
  /// only when idle(). No other message follows while is_splicing().
  Status SendSpliced(net::Stream& stream, net::PipePool::Lent pipe);

  /// Queues bytes that are no frame, the rest of the handshake, before everything else.
  void QueueHead(std::string_view head);

  /// The next Flush sends control frames. When many pongs are due and the peer takes none, only the
  /// last ones are kept, as section 5.5.3 allows, so that a flood of pings costs no memory. What is
  /// requested after a Close is dropped.
  void RequestPong(base::Bytes payload);
  bool HasRoomForPong() const { return !urgent_ || urgent_->size() <= kMostUrgent; }
  void RequestPing(base::Bytes payload);
  /// No message follows, but control frames may. Only where half-close is agreed.
  void RequestEnd();
  /// Without a code the Close is empty. No message may be sent after it. Only the first call has an
  /// effect.
  void RequestClose(std::optional<uint16_t> code, std::string_view reason);
  bool is_close_requested() const { return is_close_requested_; }

  /// The stream's direction will be shut down as soon as a Close has been sent.
  void EndAfterClose() { ends_after_close_ = true; }

  /// Writes what waits.
  Status Flush(net::Stream& stream);

  /// Returns true if nothing waits, a requested Close included.
  bool idle() const { return queue_.empty() && !pipe_ && !urgent_ && !last_; }
  /// Bytes of messages that wait.
  size_t size() const { return queue_.size() + (pipe_ ? pipe_->size() : 0); }
  bool is_splicing() const { return pipe_ != nullptr; }

  /// The peer is gone: drops what waits.
  void Clear();

 private:
  // Bytes of pings and pongs that wait, but for the last pong.
  static constexpr size_t kMostUrgent = 2048;

  /// Returns true if a Close was sent, at least in part.
  bool is_close_sent() const { return is_close_requested_ && !last_; }
  bool IsBetweenFrames() const { return frame_left_ == 0 && !pipe_; }
  Status WriteOrQueue(net::Stream& stream, base::Bytes frames);
  Status WriteControl(net::Stream& stream, std::unique_ptr<std::string>& frames);
  Status WriteSpliced(net::Stream& stream);
  std::string& Urgent();

  FrameEncoder encoder_;
  net::ByteQueue queue_;
  size_t frame_left_ = 0;  // Of the frame at the front of the queue, a part of which has been sent.
  net::PipePool::Lent pipe_;  // The rest of that frame, after the bytes of the queue.
  // Complete control frames; null: none.
  std::unique_ptr<std::string> urgent_;  // Pings and pongs.
  std::unique_ptr<std::string> last_;    // An End, a Close: after all messages.
  bool is_close_requested_ = false;
  bool ends_after_close_ = false;
};

}  // namespace sluice::leg
