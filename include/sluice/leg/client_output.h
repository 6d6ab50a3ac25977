// What goes out on a client's leg: messages, and the control frames between them.
//
// Order: the rest of a frame that has been begun; then a pong or a ping that is due; then queued
// messages; then the end of our direction (websocket/half_close.h); a Close last of all (RFC 6455
// section 5.5.1: nothing may follow it). The usual case,
// nothing waiting and the client taking all, is a single write from the caller's buffer with no
// copy and no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/pipe.h"
#include "sluice/net/stream.h"
#include "sluice/websocket/frame.h"

namespace sluice::leg {

/// A client of plain TCP gets the payload of messages alone, and no control frames are asked for.
///
/// Belongs to a session. Every call that writes returns kOk if nothing is left to write,
/// kWouldBlock if the client takes no more for now, and kError if the leg is broken.
class ClientOutput {
 public:
  using Status = net::IoResult::Status;

  explicit ClientOutput(bool has_frames = true) : has_frames_(has_frames) {}

  /// Sends a message in one frame. `frame` has kMaxServerHeader bytes of room at its front and the
  /// payload behind them. What the client does not take is queued.
  Status SendMessage(net::Stream& stream, websocket::Opcode opcode, base::MutableBytes frame);

  /// Sends whole frames of messages, likewise, with no room before them.
  Status SendFrames(net::Stream& stream, base::Bytes frames);

  /// Sends what `pipe` holds, which is not nothing, as the payload of a message. Only when idle();
  /// takes no other message while is_splicing().
  Status SendSpliced(net::Stream& stream, websocket::Opcode opcode, net::PipePool::Lent pipe);

  /// Puts bytes that are no frame, what is left of the 101, before all else.
  void QueueHead(std::string_view head);

  /// Control frames are sent by the next Flush. When many pongs are due and the client takes none,
  /// only the last ones are kept, as section 5.5.3 allows, so that a flood of pings costs no
  /// memory. Nothing follows a Close: what is requested when it has been sent is dropped.
  void RequestPong(base::Bytes payload);
  bool HasRoomForPong() const { return !pongs_ || pongs_->size() <= kMaxPongs; }
  void RequestPing(uint32_t number);
  /// No message follows, but control frames may. Only where half-close is agreed.
  void RequestEnd() { end_due_ = true; }
  /// Without a code the Close is empty. `reason` must outlive this. No message may be sent after
  /// it.
  void RequestClose(std::optional<uint16_t> code, std::string_view reason);

  /// The stream's direction will be shut down as soon as a Close has been sent.
  void EndBehindClose() { ends_behind_close_ = true; }

  /// Writes what waits.
  Status Flush(net::Stream& stream);

  /// Whether nothing waits, a requested Close included.
  bool idle() const {
    return queue_.empty() && !pipe_ && !pongs_ && !ping_due_ && !end_due_ && !close_due_;
  }
  /// Bytes of messages that wait.
  size_t size() const { return queue_.size() + (pipe_ ? pipe_->size() : 0); }
  bool is_splicing() const { return pipe_ != nullptr; }

  /// The client is gone: forgets what waits.
  void Clear();

 private:
  static constexpr size_t kMaxPongs = 2048;  // Bytes of pong frames that wait, but for the last.

  bool IsBetweenFrames() const { return frame_left_ == 0 && !pipe_; }
  /// The size of the frame that begins with `header`, which may be longer or shorter than it.
  static size_t FrameSize(base::Bytes header);
  /// The size of the frame at the front of the queue.
  size_t NextFrameSize() const;
  /// The control frames that are due next, in `buffer` or in pongs_; empty if none is.
  /// With `last_ones`, those that follow all messages, too.
  base::Bytes NextControl(base::MutableBytes buffer, bool last_ones) const;
  void ControlSent();
  Status WriteControl(net::Stream& stream, base::Bytes frames);
  Status WriteSpliced(net::Stream& stream);

  bool has_frames_;
  net::ByteQueue queue_;
  size_t frame_left_ = 0;  // Of the frame at the front of the queue, a part of which has been sent.
  net::PipePool::Lent pipe_;            // The rest of that frame, behind what the queue holds.
  std::unique_ptr<std::string> pongs_;  // Whole frames, one or more; null: none.
  std::string_view close_reason_;
  uint32_t ping_number_ = 0;
  uint16_t close_code_ = 0;  // 0: an empty Close.
  bool ping_due_ = false;
  bool end_due_ = false;
  bool close_due_ = false;
  bool close_sent_ = false;  // Or begun.
  bool ends_behind_close_ = false;
};

}  // namespace sluice::leg
