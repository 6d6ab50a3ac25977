// The time limits of a session: when it is too old, idle, or takes too long to close.
//
// Two clocks bound closing. timeouts.close is for a session that makes no progress: every byte that
// is relayed, or that a peer's kernel acknowledges, restarts it. timeouts.close_total is over all
// of it, from the moment the session leaves kOpen; what a peer sends or takes does not restart it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/leg/stall_watch.h"
#include "sluice/net/event_loop.h"
#include "sluice/session/ending.h"
#include "sluice/session/relay.h"
#include "sluice/session/session_state.h"
#include "sluice/settings/session_options.h"

namespace sluice::session {

/// Belongs to a session.
class TimeLimits {
 public:
  /// What the session has to do because time has passed.
  struct Verdict {
    enum class Action : uint8_t {
      kNothing,
      kClose,       ///< start the closing handshake, with `cause`
      kLoseClient,  ///< the client is gone
      kLoseBackend,
      kEndAnswers,     ///< wait for no more answers of the backend
      kAbandonClient,  ///< wait for the client no longer; the backend still gets the rest
      kAbort,          ///< end at once, because of `detail`
    };
    Action action = Action::kNothing;
    base::Cause cause = base::Cause::kMaxAge;
    std::string_view detail = {};  ///< static text
  };

  /// `handler` is called when Check is due. It and `options` outlive the limits.
  TimeLimits(net::EventLoop& loop, net::TimerHandler& handler,
             const settings::SessionOptions& options);

  base::TimePoint started() const { return started_; }

  /// The session closes at `time` with `cause`, unless it closes earlier.
  void CloseBy(base::TimePoint time, base::Cause cause);
  /// The same for a wall-clock time.
  void CloseBy(std::chrono::sys_seconds time, base::Cause cause);

  /// The session has left kOpen: the limits are those of closing from now on.
  void StartClosing();
  /// A step of closing has been taken, which counts as progress.
  void OnProgress();

  /// Checks the limits and the peers. `ending` may be null while the session is kOpen.
  Verdict Check(SessionState state, Relay& relay, const Ending* ending);
  /// Starts the timer again, after a Check and whenever a limit may have come closer.
  void Restart(SessionState state, const Relay& relay, const Ending* ending);
  void Stop() { timer_.Stop(); }

 private:
  Verdict CheckOpen(base::TimePoint now, Relay& relay);
  Verdict CheckPeers(base::TimePoint now, Relay& relay);
  Verdict CheckClosing(base::TimePoint now, SessionState state, const Relay& relay,
                       const Ending& ending);
  base::TimePoint NextOpenCheck(const Relay& relay) const;
  base::TimePoint NextClosingCheck(base::TimePoint now, SessionState state, const Legs& legs,
                                   const Ending& ending) const;
  base::TimePoint IdleSince(const Relay& relay) const;
  base::Duration LeastClosingLimit(SessionState state) const;
  base::Duration ClosingLimit(SessionState state, const Legs& legs, const Ending& ending) const;
  base::Duration StallLimit() const;

  const settings::SessionOptions& options_;
  net::Timer timer_;
  const base::TimePoint started_;
  base::TimePoint ends_at_ = base::TimePoint::max();
  base::TimePoint last_slow_progress_;  // When queued bytes were last seen to move.
  uint64_t moved_ = 0;                  // Relay::Moved at that time.
  leg::StallWatch stall_;
  base::Cause ends_with_ = base::Cause::kMaxAge;
};

}  // namespace sluice::session
