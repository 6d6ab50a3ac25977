// One end of a session: a WebSocket in either role, or plain bytes. A session reads payload from
// one leg and sends it to the other, and knows neither frames nor messages. All that belongs to a
// connection is in its leg, so a session can continue with another leg in the place of a lost one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/leg/frame_encoder.h"
#include "sluice/leg/message_fault.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/pipe.h"
#include "sluice/net/stream.h"
#include "sluice/workspace/workspace.h"

namespace sluice::leg {

/// A Close frame that a peer sent. Without a code it was empty.
struct PeerClose {
  std::optional<uint16_t> code = std::nullopt;
  std::string reason = {};
  bool is_answer = false;  ///< we had sent a Close before
};

/// The result of Leg::Read.
struct Input {
  enum class Status : uint8_t {
    kOk,          ///< bytes were read; `payload` is empty if they were control frames alone
    kWouldBlock,  ///< nothing to read now
    kHalfClosed,  ///< no payload follows `payload`, but control frames may
    kEnd,         ///< the peer has ended its direction of the connection cleanly
    kClose,       ///< the peer sent a Close frame after `payload`
    kFault,       ///< after `payload`, the peer broke its protocol: `fault`
    kLost,        ///< the connection is broken, or ended without a Close frame
  };
  Status status = Status::kOk;
  /// Until the next call of any leg of the worker. kHeaderRoom bytes before it may be overwritten.
  base::MutableBytes payload = {};
  size_t received = 0;  ///< bytes for limits.bandwidth: received, or inflated
  size_t cost = 0;      ///< what the bytes and frames cost of a turn's budget
  MessageFault fault = {};
};

/// The result of sending.
struct Output {
  enum class Status : uint8_t {
    kOk,      ///< sent or queued
    kBroken,  ///< the connection is broken; the peer takes nothing more
    kFault,   ///< the bytes are no messages of the framing: `fault`
  };
  Status status = Status::kOk;
  MessageFault fault = {};
};

/// Belongs to one thread. Destroying it closes the connection.
class Leg {
 public:
  /// Whether the peer is alive.
  enum class Liveness : uint8_t { kAlive, kSilent, kNoPong };

  virtual ~Leg();
  Leg(const Leg&) = delete;
  Leg& operator=(const Leg&) = delete;

  void SetHandler(net::StreamHandler* handler) { stream_->SetHandler(handler); }
  const net::Stream& stream() const { return *stream_; }

  // ---- From the peer ----

  /// Reads once, at most `limit` bytes, which is not 0. After kClose and kFault, what follows is
  /// read and dropped, until kEnd or kLost.
  virtual Input Read(size_t limit) = 0;
  bool readable() const { return !has_ended_ && (has_unread_ || stream_->readable()); }
  /// Returns true if nothing more can be read: kEnd or kLost was returned.
  bool has_ended() const { return has_ended_; }
  /// Returns true if ReadInto works: the bytes of the connection are the payload.
  virtual bool CanReadIntoPipe() const { return false; }
  /// Reads at most `limit` bytes of payload into `pipe`, as net::Stream::ReadInto.
  net::IoResult ReadIntoPipe(net::Pipe& pipe, size_t limit) {
    return stream_->ReadInto(pipe, limit);
  }
  /// The Close frame that the peer sent; null: none yet.
  virtual const PeerClose* peer_close() const { return nullptr; }
  /// Bytes that were read and are not payload yet: of an incomplete message, for instance.
  size_t held_input() const { return has_unread_ || holds_messages_ ? HeldInput() : 0; }
  /// What broke the connection, in words, where more is known than an errno.
  virtual std::string_view failure() const { return stream_->failure(); }

  // ---- To the peer ----

  /// Sends `payload`, which may be overwritten, and kHeaderRoom bytes before it. What the peer does
  /// not take is queued. Dropped unless takes_payload().
  virtual Output Send(base::MutableBytes payload) = 0;
  /// Returns true if SendPipe works, and nothing waits to be sent.
  virtual bool CanSendPipe() const = 0;
  /// Sends the content of `pipe`, which is not empty, as Send does.
  virtual Output SendPipe(net::PipePool::Lent pipe) = 0;
  /// Returns true if Flush has something to do.
  bool has_output() const { return has_output_; }
  /// Sends what waits, and ends our direction if that is due.
  Output Flush() { return has_output_ ? FlushOutput() : Output{}; }
  /// The payload is complete: sends the rest of an incomplete message, or reports that there is a
  /// rest that is none. Only the first call has an effect.
  virtual Output EndMessages() { return {}; }
  /// Bytes that wait to be sent. Above half of workspace::kQueueMark, no more is to be read for it.
  size_t queued() const { return has_output_ ? QueuedBytes() : 0; }
  /// Returns true if the queue has room for the bytes of another read.
  bool HasRoom() const { return !has_output_ || QueueHasRoom(); }
  /// Bytes of messages that are not complete enough to be sent.
  size_t held_output() const { return holds_messages_ ? HeldOutput() : 0; }
  bool takes_payload() const { return !is_broken_ && !refuses_payload_; }
  /// The peer takes no more payload, only the end of our direction.
  void RefusePayload() { refuses_payload_ = true; }

  /// What the kernel knows of the bytes that were written.
  struct Progress {
    size_t under_way;  ///< not acknowledged by the peer
    uint64_t taken;    ///< acknowledged since the connection began
  };
  /// A system call.
  Progress progress() const;

  // ---- The end ----

  /// Returns true if the peer can receive the code and reason of a Close.
  virtual bool has_close_codes() const = 0;
  /// Ends our direction after all that was sent, while the peer continues to send. A WebSocket that
  /// cannot do so closes.
  virtual void RequestEnd() = 0;
  /// Ends our direction after all that was sent: with a Close frame, if the protocol has one. Only
  /// the first call has an effect.
  virtual void RequestClose(std::optional<uint16_t> code, std::string_view reason) = 0;
  /// Ends our direction of the connection as soon as the closing handshake allows it. Returns true
  /// if both directions have ended: the leg can be destroyed without loss.
  bool Finish();
  /// Returns true if our direction of the connection has ended, and all of it is sent.
  bool has_ended_output() const { return is_shut_down_ && !stream_->HasUnsent(); }
  /// The peer is lost: nothing more is read or sent.
  void Abandon();
  /// Returns true if the peer takes nothing more, though it may have sent bytes before. A system
  /// call.
  virtual bool HasPeerLeft() const = 0;

  // ---- Time ----

  /// When Check is to be called next; TimePoint::max(): never.
  virtual base::TimePoint NextCheck() const { return base::TimePoint::max(); }
  /// Pings the peer if that is due, and returns whether it is alive. `last_payload` is the time at
  /// which the session last relayed payload.
  virtual Liveness Check(base::TimePoint /*now*/, base::TimePoint /*last_payload*/) {
    return Liveness::kAlive;
  }
  /// When the leg no longer waits for what the peer has to do after a Close: Check reports the peer
  /// as silent, or Finish returns true. Set by RequestEnd, RequestClose and Finish.
  virtual base::TimePoint gives_up_at() const { return base::TimePoint::max(); }

 protected:
  /// `workspace` outlives the leg. `received` are bytes that were read from the stream before.
  Leg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream, base::Bytes received);

  /// Reads what was read before, or else from the stream, and returns it as payload. `limit` is for
  /// the stream. An end after a broken write is a loss, since the write has consumed the error.
  Input ReadBytes(size_t limit);
  /// Keeps the bytes, which were read, for the next ReadBytes.
  void Unread(base::Bytes first, base::Bytes second);
  Output Broken();

  // The functions above that every event of a session calls cost a virtual call only where there is
  // something to do: has_output_ and holds_messages_.
  virtual Output FlushOutput() = 0;
  virtual size_t QueuedBytes() const = 0;
  virtual bool QueueHasRoom() const = 0;
  virtual size_t HeldInput() const { return unread_.size(); }
  virtual size_t HeldOutput() const { return 0; }

  /// Drops the output: the connection is broken.
  virtual void DropOutput() = 0;
  /// Returns true if our direction of the connection may end: the output is sent, and the peer does
  /// not have to be the first.
  virtual bool MayShutDown() = 0;
  void ShutDown();

  workspace::Workspace& workspace_;
  const std::unique_ptr<net::Stream> stream_;
  net::ByteQueue unread_;
  bool has_unread_ = false;      // Read returns payload without the stream.
  bool has_output_ = false;      // Flush has something to do: set by the derived class.
  bool holds_messages_ = false;  // Bytes of messages may be held: set by the derived class.
  bool has_ended_ = false;
  bool is_broken_ = false;
  bool refuses_payload_ = false;
  bool is_shut_down_ = false;
  bool is_end_requested_ = false;
};

}  // namespace sluice::leg
