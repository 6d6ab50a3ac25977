// A session: a client leg and a backend leg, relayed to each other, from the 101 to the last close.
//
// Every event of a leg, a timer or the loop ends in Pump, or ends the session. Pump does all that
// can be done now: it sends what waits, reads and relays (Relay), and takes the steps of closing
// that have become possible. So there is one order of work, and no state is hidden in callbacks.
// docs/architecture.md, "The data path", explains it.
//
//   session.cc          what the legs report besides payload
//   session_closing.cc  the closing handshake and the ends of the legs
//   relay.cc            both directions of a turn
//   direction.cc        the relay loop of a direction
//   time_limits.cc      when the session has to act because time has passed
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/auth/session_quota.h"
#include "sluice/base/cause.h"
#include "sluice/base/table.h"
#include "sluice/leg/leg.h"
#include "sluice/net/event_loop.h"
#include "sluice/routing/pools.h"
#include "sluice/session/ending.h"
#include "sluice/session/legs.h"
#include "sluice/session/peers.h"
#include "sluice/session/relay.h"
#include "sluice/session/route_in_use.h"
#include "sluice/session/session_state.h"
#include "sluice/session/time_limits.h"
#include "sluice/workspace/workspace.h"

namespace sluice::session {

class Session;

/// Owns sessions: the worker.
class SessionOwner {
 public:
  /// The session has ended. The owner destroys it in the next turn of the loop.
  virtual void Release(Session& session) = 0;

 protected:
  ~SessionOwner() = default;
};

/// Belongs to the table of its worker and to that worker's thread. Removes itself from the table
/// when it has ended.
class Session final : public base::TableEntry, private RelayHandler, private net::TimerHandler {
 public:
  /// The parts of which a session consists.
  struct Parts {
    std::shared_ptr<const RouteInUse> route;
    Peers peers;
    Legs legs;
    auth::SessionQuota::Slot quota_slot = {};
    routing::ServerSlot server_slot = {};
  };

  /// `workspace` and `owner` outlive the session. From now on the metrics count it. Start follows.
  Session(workspace::Workspace& workspace, SessionOwner& owner, Parts parts);

  /// Starts to relay. With a cause, the session closes at once: the dial has failed, for instance.
  void Start(std::optional<base::Cause> cause);

  /// Starts the closing handshake with the code of `cause`, unless the session is closing already.
  void RequestClose(base::Cause cause);

  /// Starts it at `time`, unless the session has ended by then.
  void RequestCloseAt(base::TimePoint time, base::Cause cause);

  /// Ends both legs at once.
  void Abort();

  const RouteInUse& route() const { return *route_; }

 private:
  void OnStreamReady() override { Pump(); }
  void OnTimer() override;
  void Pump();

  // What the legs report (session.cc).
  void OnClientInput(const leg::Input& input) override;
  void OnClientOutput(const leg::Output& output) override;
  void OnClientLost();
  void OnClientClose();
  void OnBackendInput(const leg::Input& input) override;
  void OnBackendOutput(const leg::Output& output) override;

  // Closing (session_closing.cc).
  /// With `application`, the Close carries its code and reason instead of the cause's.
  void StartClose(base::Cause cause, const leg::PeerClose* application = nullptr);
  void SendClose(base::Cause cause, const leg::PeerClose* application = nullptr);
  void AmendCause(base::Cause cause, std::string_view detail);
  bool AwaitAnswers(std::optional<leg::MessageFault> fault);
  void EndAnswers();
  void AnswerClose();
  void AnswerFault(const leg::MessageFault& fault);
  void Apply(SessionEvent event);
  void FinishLegs();
  void FinishBackend();
  void FinishClient();
  void End();

  Ending& ending();
  void RestartTimer() { time_limits_.Restart(state_, relay_, ending_.get()); }
  const settings::SessionOptions& options() const { return route_->settings.options; }

  workspace::Workspace& workspace_;
  SessionOwner& owner_;
  const std::shared_ptr<const RouteInUse> route_;
  const Peers peers_;
  const auth::SessionQuota::Slot quota_slot_;
  routing::ServerSlot server_slot_;  // As long as there is a leg to the server.
  Relay relay_;
  TimeLimits time_limits_;
  SessionState state_ = SessionState::kOpen;
  std::unique_ptr<Ending> ending_;  // Null until a part of the session ends.
};

}  // namespace sluice::session
