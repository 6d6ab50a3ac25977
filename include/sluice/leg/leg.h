// One end of a session: a WebSocket in either role, or plain bytes. A session reads payload from
// one leg and sends it to the other, and knows neither frames nor messages. All that belongs to a
// connection is in its leg, so a session can continue with another leg in the place of a lost one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/leg/frame_encoder.h"
#include "sluice/leg/io.h"
#include "sluice/leg/leg_stream.h"
#include "sluice/net/pipe.h"
#include "sluice/workspace/workspace.h"

namespace sluice::leg {

/// Belongs to one thread. Destroying it closes the connection.
class Leg {
 public:
  /// Whether the peer is alive.
  enum class Liveness : uint8_t { kAlive, kSilent, kNoPong };

  virtual ~Leg() = default;
  Leg(const Leg&) = delete;
  Leg& operator=(const Leg&) = delete;

  LegStream& stream() { return stream_; }
  const LegStream& stream() const { return stream_; }

  // ---- From the peer ----

  /// Reads once, at most `limit` bytes, which is not 0. After kClose and kFault, what follows is
  /// read and dropped, until kEnd or kLost.
  virtual Input Read(size_t limit) = 0;
  /// The Close frame that the peer sent; null: none yet.
  virtual const PeerClose* peer_close() const { return nullptr; }
  /// What broke the connection, in words, where more is known than an errno.
  virtual std::string_view failure() const { return stream_.net().failure(); }

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
  virtual Output Flush() = 0;
  /// The payload is complete: sends the rest of an incomplete message, or reports remaining bytes
  /// that form no message. Only the first call has an effect.
  virtual Output EndMessages() { return {}; }
  /// Bytes that wait to be sent. Above half of workspace::kQueueMark, no more is to be read for it.
  size_t queued() const { return has_output_ ? QueuedBytes() : 0; }
  /// Returns true if the queue has room for the bytes of another read.
  virtual bool HasRoom() const = 0;
  bool takes_payload() const { return !stream_.is_broken() && !refuses_payload_; }
  /// The peer takes no more payload, only the end of our direction.
  void RefusePayload() { refuses_payload_ = true; }

  /// Bytes that the leg holds back.
  struct Held {
    size_t input;   ///< read, and not payload yet: of an incomplete message, for instance
    size_t output;  ///< of messages that are not complete enough to be sent
  };
  Held held() const { return holds_messages_ ? HeldMessages() : Held{stream_.unread(), 0}; }

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
  /// The peer is lost: nothing more is read or sent.
  void Abandon();

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
  /// `workspace` outlives the leg.
  Leg(workspace::Workspace& workspace, LegStream stream)
      : workspace_(workspace), stream_(std::move(stream)) {}

  Output Broken();

  // queued() and held() are asked at every event of a session, and cost a virtual call only if
  // there may be something: has_output_, holds_messages_.
  virtual size_t QueuedBytes() const = 0;
  virtual Held HeldMessages() const { return {}; }

  /// Drops the output: the connection is broken.
  virtual void DropOutput() = 0;
  /// Returns true if our direction of the connection may end: the output is sent, and the peer does
  /// not have to be the first.
  virtual bool PrepareShutDown() = 0;

  workspace::Workspace& workspace_;
  LegStream stream_;
  bool has_output_ = false;      // Flush has something to do: set by the derived class.
  bool holds_messages_ = false;  // Bytes of messages may be held: set by the derived class.
  bool refuses_payload_ = false;
  bool is_end_requested_ = false;
};

}  // namespace sluice::leg
