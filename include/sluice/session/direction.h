// One direction of a session: what it reads from its source, and when it must not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/leg/leg.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/workspace/workspace.h"

namespace sluice::session {

class RateLimit;

/// What a direction may read in one turn of the loop, so that a session that is always readable
/// does not starve the others.
inline constexpr size_t kTurnBudget = 4 * workspace::kQueueMark;

/// Belongs to a session, which has the legs: the direction reads from `source` and sends to `sink`.
class Direction {
 public:
  enum class State : uint8_t {
    kRelaying,    ///< payload is read and sent on
    kHalfClosed,  ///< no payload comes any more; control frames are still read
    kDiscarding,  ///< what comes is read to the end, for a clean close, and dropped
    kEnded,       ///< the end of the source's connection has been read
  };

  /// What the session has to act on: first on the output, then on the input.
  struct Event {
    leg::Output output = {};  ///< not kOk: the sink did not take the payload
    leg::Input input = {};    ///< the source may have more to report than payload

    explicit operator bool() const {
      return output.status != leg::Output::Status::kOk ||
             (input.status != leg::Input::Status::kOk &&
              input.status != leg::Input::Status::kWouldBlock);
    }
  };

  /// `metrics` outlives the direction. `limit` is null for no limit.
  Direction(metrics::DirectionMetrics& metrics, std::unique_ptr<RateLimit> limit);
  ~Direction();

  /// Returns true if Relay has something to do.
  bool CanTransfer(const leg::Leg& source) const {
    return pauses_ == 0 && state_ != State::kEnded && source.stream().readable();
  }
  /// Only if CanTransfer. Relays what can be relayed in this turn, or until there is an event; then
  /// it is to be called again. `sink` is null or takes no payload: then what is read is dropped.
  /// `budget` is what is left of this turn.
  Event Transfer(workspace::Workspace& workspace, leg::Leg& source, leg::Leg* sink, size_t& budget);

  /// Returns true if Flush has something to do.
  bool CanFlush(const leg::Leg& sink) const {
    return sink.has_output() || (pauses_ & kSinkFull) != 0;
  }
  /// Sends what waits in `sink`, and resumes the source if there is room again.
  leg::Output Flush(leg::Leg& sink);

  State state() const { return state_; }
  bool is_relaying() const { return state_ == State::kRelaying; }
  /// Returns true if the source has ended its payload by itself.
  bool has_ended() const { return state_ == State::kEnded || state_ == State::kHalfClosed; }
  /// Ends relaying. A direction that has ended remains so.
  void Enter(State state);
  /// Leaves the source unread until Enter: nothing may be sent after our Close.
  void Hold() {
    if (is_relaying()) PauseFor(kHeld);
  }

  bool is_paused() const { return pauses_ != 0; }
  /// Returns true if relaying has to continue in the next turn.
  bool has_used_up_turn() const { return (pauses_ & kTurnUsedUp) != 0; }
  void ResumeInNewTurn() { Resume(kTurnUsedUp); }
  void ResumeAtRate() { Resume(kOverRate); }
  /// The sink takes no payload any more: the source does not have to wait for it.
  void ResumeWithoutSink() { Resume(kSinkFull); }

  /// The opposite direction relays, too: then splicing costs more than it saves
  /// (docs/performance.md).
  void StopSplicing() { is_bulk_ = false; }

  /// Payload that was relayed, in bytes.
  uint64_t bytes() const { return bytes_; }
  /// Bytes that wait in the legs, as last reported.
  size_t queued() const { return queued_; }
  /// Reports the number of bytes that wait.
  void ReportQueued(workspace::Workspace& workspace, size_t size);

 private:
  /// Reasons to leave the source unread. It is read again when none is left.
  enum Pause : uint8_t {
    kSinkFull = 1,    // What was read before does not fit into the sink.
    kTurnUsedUp = 2,  // The direction has used up its part of this turn of the loop.
    kOverRate = 4,    // The direction has used up its part of this time (limits.bandwidth).
    kHeld = 8,        // Hold.
  };

  void PauseFor(Pause reason);
  void Resume(Pause reason) { pauses_ = static_cast<uint8_t>(pauses_ & ~reason); }
  size_t RoomToRead(const leg::Leg* sink, size_t budget);
  Event Splice(leg::Leg& source, leg::Leg& sink, net::PipePool::Lent pipe, size_t limit);
  Event Copy(leg::Leg& source, leg::Leg* sink, size_t room);
  net::PipePool::Lent PipeFor(workspace::Workspace& workspace, const leg::Leg& source,
                              const leg::Leg* sink) const;
  void Count(size_t bytes);

  metrics::DirectionMetrics& metrics_;
  const std::unique_ptr<RateLimit> limit_;  // Null: no limit.
  uint64_t bytes_ = 0;
  uint32_t queued_ = 0;
  State state_ = State::kRelaying;
  uint8_t pauses_ = 0;
  bool is_bulk_ = false;  // Splicing the next read costs less than copying it.
};

}  // namespace sluice::session
