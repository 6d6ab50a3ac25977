// A session: one WebSocket joined to one backend connection, from the 101 to the last close. In the
// place of the WebSocket may be a client of plain TCP (Peers::is_raw): then there are no frames, a
// FIN is what a Close is elsewhere, and either direction may end before the other.
//
// It is two directions between two legs. Every event, whatever it was, ends in Pump, which does all
// that can be done now: flush what waits, read what is there, relay it, and take the steps of
// closing that have become possible. So there is one order of things and no state hidden in
// callbacks. The walk through it is docs/architecture.md, "The data path".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/auth/identity.h"
#include "sluice/auth/session_quota.h"
#include "sluice/base/bytes.h"
#include "sluice/base/cause.h"
#include "sluice/base/session_id.h"
#include "sluice/base/table.h"
#include "sluice/framing/decoder.h"
#include "sluice/leg/client_output.h"
#include "sluice/leg/frame_batch.h"
#include "sluice/leg/keep_alive.h"
#include "sluice/leg/message_codec.h"
#include "sluice/leg/stall_watch.h"
#include "sluice/net/address.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/stream.h"
#include "sluice/routing/pools.h"
#include "sluice/session/route_in_use.h"
#include "sluice/session/session_state.h"
#include "sluice/websocket/frame_reader.h"
#include "sluice/workspace/workspace.h"

namespace sluice::session {

class Bandwidth;
class DirectionRate;
class Session;

/// Owns sessions: the worker.
class SessionOwner {
 public:
  /// The session has ended. The owner destroys it in the next turn of the loop.
  virtual void Release(Session& session) = 0;

 protected:
  ~SessionOwner() = default;
};

/// Belongs to the table of its worker and to that worker's thread; takes itself out when it has
/// ended.
class Session final : public base::TableEntry,
                      private net::StreamHandler,
                      private net::TimerHandler,
                      private net::EventLoop::Task {
 public:
  struct Peers {
    net::Address client;
    bool is_raw = false;                           ///< the client speaks plain TCP
    bool has_half_close = false;                   ///< as agreed with it (websocket/half_close.h)
    metrics::ListenerMetrics* listener = nullptr;  ///< of the listener that accepted the client
    std::shared_ptr<const settings::Endpoint> server;  ///< the one that was dialled; null: none
    base::SessionId id;
    std::shared_ptr<const auth::Identity> identity = nullptr;  ///< null where nobody is asked
  };

  /// What a session consists of.
  struct Parts {
    std::shared_ptr<const RouteInUse> route;
    Peers peers;
    std::unique_ptr<net::Stream> client;
    std::unique_ptr<net::Stream> backend;      ///< null: no server was found
    std::unique_ptr<leg::MessageCodec> codec;  ///< null: bytes pass as they are
    auth::SessionQuota::Slot quota_slot = {};
    routing::ServerSlot server_slot = {};
  };

  /// `workspace` and `owner` outlive the session.
  Session(workspace::Workspace& workspace, SessionOwner& owner, Parts parts);
  ~Session();

  /// Sends `head`, the 101, and takes `early`, the bytes that came behind the request's head; they
  /// must not lie in the scratch buffer. With a cause, the session closes at once, its dial having
  /// failed.
  void Start(std::string_view head, base::Bytes early, std::optional<base::Cause> cause);

  /// Begins the closing handshake with the cause's code, unless the session is closing already.
  void Close(base::Cause cause);

  /// Begins it at that time, unless it has ended by then.
  void CloseAt(base::TimePoint time, base::Cause cause);

  /// Ends both legs at once.
  void Cut();

  const RouteInUse& route() const { return *route_; }

 private:
  enum class Input : uint8_t {
    kRelayed,     // Read and passed on.
    kHalfClosed,  // The peer's direction has ended; control frames are still read.
    kDiscarded,   // Read to its end for the sake of a clean close, and thrown away.
    kEnded,       // The peer's FIN, or an error, has been read.
  };
  // Reasons to leave a leg unread. It is read again when none is left.
  enum Pause : uint8_t {
    kFarLegFull = 1,  // What was read before does not fit into the far leg.
    kTurnUsedUp = 2,  // It had its share of this turn of the loop.
    kTooFast = 4,     // It had its share of this time (limits.bandwidth).
  };
  // The client's last frame in the state kAnswering: a Close, or a frame that breaks the framing.
  struct LastFrame {
    std::optional<uint16_t> close_code = std::nullopt;
    std::optional<leg::MessageFault> fault = std::nullopt;
    base::TimePoint answers_until = {};  // When kAnswering ends at the latest.
  };
  // Bytes for the backend that are collected in a buffer of the worker's.
  struct Collected {
    base::MutableBytes buffer;
    size_t size = 0;
  };
  // One way through the session: from the leg it reads, its source, to the far one.
  struct Direction {
    Input input = Input::kRelayed;
    uint8_t pauses = 0;
    bool write_failed = false;  // The far leg takes nothing any more.
    bool half_closed = false;   // The end is sent to the far leg, which goes on sending.
    bool fin_sent = false;      // To the far leg, behind everything else.
    uint32_t queued = 0;        // As last told to the metrics.
    uint64_t bytes = 0;         // Payload that was relayed.
  };

  void OnStreamReady() override { Pump(); }
  void OnTimer() override;
  void RunTask() override;

  void Pump();
  void SendHead(std::string_view head);

  // The direction to_backend (session_to_backend.cc).
  void RelayToBackend();
  // Both return what it cost of `budget`.
  size_t TakeFromClient(base::MutableBytes in, size_t budget);
  size_t TakeFrames(base::MutableBytes in);
  size_t TakeBytes(base::MutableBytes in);
  void SendToBackend(base::Bytes payload);
  void FlushToBackend();
  void OnPing(base::Bytes payload);
  void OnPong(base::Bytes payload);
  void OnHalfClose();
  void OnClose(base::Bytes payload);
  void TakeClose(std::optional<uint16_t> code);
  void OnBreach(const leg::MessageFault& fault);
  void TakeBreach(const leg::MessageFault& fault);
  void OnClientEnd(bool in_good_order);
  void OnClientFin();
  bool HasClientEnded() const {
    return to_backend_.input == Input::kEnded || to_backend_.input == Input::kHalfClosed;
  }
  void OnBackendWriteError(int error);
  void DropToBackend();

  // The direction to_client (session_to_client.cc).
  void RelayToClient();
  net::IoResult CopyToClient(size_t budget);
  net::IoResult SpliceToClient(net::PipePool::Lent pipe, size_t budget);
  net::PipePool::Lent PipeToClient();
  void CountMessageToClient(size_t payload);
  void AfterMessageToClient(leg::ClientOutput::Status status);
  void FlushToClient();
  void OnClientWrite(leg::ClientOutput::Status status);
  void OnBackendEnd(bool in_good_order);
  void EndIfBackendLeft();

  // Both with messages that mean something (session_messages.cc).
  size_t TakeHeldMessages(size_t budget);
  size_t TakeMessages(base::MutableBytes in, size_t payload_size, size_t budget);
  void PutToBackend(base::Bytes bytes, Collected& collected);
  void FlushMessages(Collected& collected);
  net::IoResult DecodeToClient(size_t budget);
  void EndMessagesToClient();
  bool SendDecoded(const framing::Decoded& decoded, leg::FrameBatch& batch);
  void SendBatch(leg::FrameBatch& batch);
  void OnBackendFault(const leg::MessageFault& fault, leg::FrameBatch& batch);

  // Both directions.
  bool MayRead(const Direction& direction, const std::unique_ptr<net::Stream>& source) const;
  size_t RoomToRead(const Direction& direction, size_t queued, size_t budget);
  size_t Bounded(const Direction& direction, size_t size);
  void PauseSource(Direction& direction, Pause reason);
  void ResumeSource(Direction& direction, Pause reason);
  void CountRelayed(Direction& direction, size_t bytes);
  void NoteQueued(Direction& direction);
  void SetQueued(Direction& direction, size_t size);
  DirectionRate& RateOf(const Direction& direction);
  bool MayReadNow(Direction& direction);
  void OnBandwidth();
  metrics::DirectionMetrics& MetricsOf(const Direction& direction);

  // Time (session_closing.cc, like all that follows).
  void OnOpenTimer(base::TimePoint now);
  void CheckBackend(base::TimePoint now);
  void CheckClient(base::TimePoint now);
  void OnClosingTimer(base::TimePoint now);
  base::TimePoint NextClosingLook(base::TimePoint now) const;
  base::Duration ClosingLimit() const;  // How long a closing session may make no progress.
  void GiveUp(std::string_view why);
  void RestartTimer();
  void SetDetail(std::string_view detail);
  void EndBy(base::TimePoint time, base::Cause cause);
  void CheckAge(base::TimePoint now);
  void CheckIdle(base::TimePoint now);
  void CheckPausedClient(base::TimePoint now);
  bool HasClientLeft() const;
  base::Duration StallLimit() const;  // How long a living peer may take nothing.
  size_t Untaken() const;             // Bytes of payload that either peer has still to take.
  uint64_t Moved() const;             // Bytes that were relayed, and that were taken by the peers.
  static uint64_t TakenFrom(const net::Stream& leg, uint64_t under_way);
  static bool IsPaused(const Direction& direction) { return direction.pauses != 0; }

  // Closing.
  /// With `application`, the Close carries its code and reason instead of the cause's.
  void BeginClose(base::Cause cause, const net::ApplicationClose* application = nullptr);
  void StartClose(base::Cause cause, const net::ApplicationClose* application = nullptr);
  void AmendCause(base::Cause cause);
  bool AwaitAnswers(const LastFrame& last);
  void OnAnswersTimer(base::TimePoint now);
  void EndAnswers();
  void Enter(SessionEvent event);
  void FinishLegs();
  void FinishDirections();
  void CloseLeg(std::unique_ptr<net::Stream>& leg);
  void FinishBackendLeg();
  void FinishClientLeg();
  void End();
  void Log(base::Cause cause, double seconds);

  void EndAtExpiry();
  const settings::SessionOptions& options() const;
  metrics::RouteMetrics& route_metrics();

  workspace::Workspace& workspace_;
  SessionOwner& owner_;
  const std::shared_ptr<const RouteInUse> route_;
  const Peers peers_;
  const auth::SessionQuota::Slot quota_slot_;
  routing::ServerSlot server_slot_;       // As long as there is a leg to it.
  std::unique_ptr<net::Stream> client_;   // Null once it is closed.
  std::unique_ptr<net::Stream> backend_;  // Null once it is closed, or if the dial failed.

  // There are many sessions: what is small lies together, and what few have is elsewhere.
  SessionState state_ = SessionState::kOpen;
  std::optional<base::Cause> cause_;              // Why it closes: the first cause, set once.
  base::Cause ends_with_ = base::Cause::kMaxAge;  // Why it will, at `ends_at_`.
  uint16_t close_code_ = 0;  // What was sent, or will be; 0: an empty Close or none.
  bool is_bulk_ = false;     // The backend has lately sent more than it pays to copy.
  bool backend_is_probed_ = false;
  std::unique_ptr<const std::string> detail_;  // For the log, beside the cause; null if none.
  std::unique_ptr<const std::string> application_reason_;  // Of our Close; null if it is ours.

  Direction to_backend_;
  websocket::FrameReader reader_;
  net::ByteQueue backend_queue_;

  Direction to_client_;
  leg::ClientOutput client_output_;
  std::unique_ptr<leg::MessageCodec> codec_;     // Null: bytes pass as they are.
  std::unique_ptr<const LastFrame> last_frame_;  // Null before kAnswering.
  std::unique_ptr<Bandwidth> bandwidth_;         // Null without a bound.

  net::Timer timer_;
  leg::KeepAlive keep_alive_;
  base::TimePoint started_;
  // Until it closes: when it begins to, at the latest. From then on: when it is cut, at the latest.
  base::TimePoint ends_at_ = base::TimePoint::max();
  // When a client that has broken the framing is let go. Its bytes can no longer be understood.
  base::TimePoint client_ends_at_ = base::TimePoint::max();
  base::TimePoint last_received_;                    // From the client, of any kind.
  base::TimePoint last_payload_;                     // Either way.
  std::chrono::steady_clock::time_point pinged_at_;  // Precise, for the round-trip time.
  base::TimePoint backend_check_at_;  // When to ask whether the backend's host has fallen silent.
  leg::StallWatch stall_;
  uint64_t moved_when_idle_ = 0;
};

}  // namespace sluice::session
