// A session: a client leg and a backend leg, relayed to each other, from the 101 to the last close.
//
// Every event of a leg, a timer or the loop ends in Pump. Pump does all that can be done now: it
// sends what waits, reads and relays, and takes the steps of closing that have become possible. So
// there is one order of work, and no state is hidden in callbacks. docs/architecture.md, "The data
// path", is the walk through it.
//
//   session.cc          the pump; what the legs report
//   session_closing.cc  the closing handshake and the ends of the legs
//   session_timer.cc    time limits
//   direction.cc        the relay loop of a direction
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/auth/identity.h"
#include "sluice/auth/session_quota.h"
#include "sluice/base/cause.h"
#include "sluice/base/session_id.h"
#include "sluice/base/table.h"
#include "sluice/leg/leg.h"
#include "sluice/leg/stall_watch.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/routing/pools.h"
#include "sluice/session/direction.h"
#include "sluice/session/ending.h"
#include "sluice/session/legs.h"
#include "sluice/session/lifetime.h"
#include "sluice/session/route_in_use.h"
#include "sluice/session/session_state.h"
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
class Session final : public base::TableEntry,
                      private net::StreamHandler,
                      private net::TimerHandler,
                      private net::EventLoop::Task {
 public:
  struct Peers {
    net::Address client;
    bool has_half_close = false;                       ///< as agreed (websocket/half_close.h)
    metrics::ListenerMetrics* listener = nullptr;      ///< of the listener that accepted the client
    std::shared_ptr<const settings::Endpoint> server;  ///< the one that was dialled; null: none
    base::SessionId id;
    std::shared_ptr<const auth::Identity> identity = nullptr;  ///< null without authentication
  };

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
  ~Session();

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
  void RunTask() override;

  // The pump (session.cc).
  void Pump();
  void Flush();
  void RelayToBackend();
  void RelayToClient();
  void Continue(const Direction& direction, Direction& opposite, uint64_t bytes_before);
  void ReportQueued();

  // What the legs report (session.cc).
  void OnClientInput(const leg::Input& input);
  void OnClientEnd();
  void OnClientLost();
  void OnClientClose();
  void OnClientOutput(const leg::Output& output);
  void OnBackendInput(const leg::Input& input);
  void OnBackendOutput(const leg::Output& output);
  void StopWaitingForBackend();

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
  void CloseLeg(std::unique_ptr<leg::Leg>& leg);
  void End();
  Ending& ending();
  void Log(base::Cause cause, double seconds) const;

  // Time (session_timer.cc).
  void OnOpenTimer(base::TimePoint now);
  void CheckPeers(base::TimePoint now);
  void OnClosingTimer(base::TimePoint now);
  void RestartTimer();
  base::TimePoint NextClosingCheck(base::TimePoint now) const;
  base::Duration ClosingLimit() const;
  base::Duration LeastClosingLimit() const;
  base::Duration StallLimit() const;
  /// Bytes that were relayed, and bytes that the peers have acknowledged.
  uint64_t Moved() const { return to_backend_.bytes() + to_client_.bytes() + legs_.Taken(); }

  const settings::SessionOptions& options() const { return route_->settings.options; }

  workspace::Workspace& workspace_;
  SessionOwner& owner_;
  const std::shared_ptr<const RouteInUse> route_;
  const Peers peers_;
  const auth::SessionQuota::Slot quota_slot_;
  routing::ServerSlot server_slot_;  // As long as there is a leg to the server.
  Legs legs_;
  Direction to_backend_;
  Direction to_client_;
  SessionState state_ = SessionState::kOpen;
  std::unique_ptr<Ending> ending_;  // Null until the session closes.
  net::Timer timer_;
  Lifetime lifetime_;
  leg::StallWatch stall_;
};

}  // namespace sluice::session
