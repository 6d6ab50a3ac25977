// The time limits of a session. Two clocks bound closing. timeouts.close is for a session that
// makes no progress: every byte that is relayed, or that a peer's kernel acknowledges, restarts it.
// timeouts.close_total is over all of it, from the moment the session leaves kOpen; what a peer
// sends or takes does not restart it.
#include <algorithm>
#include <string_view>

#include "sluice/session/session.h"

#include "session/session_limits.h"

namespace sluice::session {

void Session::OnTimer() {
  const base::TimePoint now = net::EventLoop::Now();
  if (state_ == SessionState::kOpen) {
    OnOpenTimer(now);
  } else {
    OnClosingTimer(now);
  }
  if (state_ == SessionState::kClosed) return;
  RestartTimer();
  Pump();
}

void Session::OnOpenTimer(base::TimePoint now) {
  if (now >= lifetime_.ends_at()) {
    StartClose(lifetime_.ends_with());
    return;
  }
  const base::Duration idle = options().idle_timeout;
  if (idle.count() != 0 && now - lifetime_.last_payload() >= idle) {
    const bool is_slow =
        to_backend_.queued() + to_client_.queued() != 0 && lifetime_.NoteProgress(now, Moved());
    if (!is_slow) {
      StartClose(base::Cause::kIdleTimeout);
      return;
    }
  }
  CheckPeers(now);
}

void Session::CheckPeers(base::TimePoint now) {
  using Liveness = leg::Leg::Liveness;
  if (legs_.backend->Check(now, lifetime_.last_payload()) != Liveness::kAlive) {
    OnBackendInput({.status = leg::Input::Status::kLost});
    return;
  }
  // While the backend takes nothing, the client is not read, and a pong that was not read is not
  // held against it. But if the client has left, and the backend still takes nothing, the session
  // serves no one.
  if (!to_backend_.is_paused()) {
    // What is counted while it is paused will be more: no need to ask the kernels now.
    stall_.Reset(now, 0);
  } else {
    stall_.Update(now, Moved());
    if (stall_.IsStuck(now, StallLimit()) && legs_.client->HasPeerLeft()) {
      OnClientLost();
      return;
    }
  }
  switch (legs_.client->Check(now, lifetime_.last_payload())) {
    case Liveness::kAlive:
      break;
    case Liveness::kSilent:
      OnClientLost();
      break;
    case Liveness::kNoPong:
      StartClose(base::Cause::kPongTimeout);
      break;
  }
}

void Session::OnClosingTimer(base::TimePoint now) {
  stall_.Update(now, Moved());
  const bool is_stuck = stall_.IsStuck(now, ClosingLimit());
  if (state_ == SessionState::kAnswering) {
    if (is_stuck || now >= ending().answers_until) EndAnswers();
    return;
  }
  const bool is_over = now >= lifetime_.ends_at();
  if (!is_over && now >= ending().client_ends_at && legs_.client) {
    // The client is not waited for; the backend still gets the rest.
    OnClientLost();
    CloseLeg(legs_.client);
    return;
  }
  if (!is_over && !is_stuck) return;
  if (ending().detail.empty()) {
    ending().detail = is_over ? "closing took longer than timeouts.close_total"
                              : "closing made no progress for timeouts.close";
  }
  Abort();
}

/// Returns how long a closing session may make no progress. A peer that has payload to take gets as
/// long as a living client would, unless it is known to be dead.
base::Duration Session::ClosingLimit() const {
  const base::Duration limit = LeastClosingLimit();
  if (state_ == SessionState::kAnswering || ending_->cause == base::Cause::kPongTimeout ||
      legs_.Untaken() == 0) {
    return limit;
  }
  return std::max(limit, StallLimit());
}

base::Duration Session::LeastClosingLimit() const {
  return state_ == SessionState::kAnswering ? kAnswerTimeout
                                            : base::Duration(options().close_timeout);
}

/// Returns how long a living peer may take nothing.
base::Duration Session::StallLimit() const {
  const auto& keepalive = options().keepalive;
  return std::max<base::Duration>(options().close_timeout,
                                  keepalive.ping_interval + keepalive.pong_timeout);
}

/// Asks no kernel: most sessions are over before the first check.
base::TimePoint Session::NextClosingCheck(base::TimePoint now) const {
  const base::Duration limit = LeastClosingLimit();
  const base::TimePoint check =
      now + std::min<base::Duration>(options().close_timeout, limit) / kClosingChecks;
  const base::TimePoint stuck =
      stall_.StuckAt(limit) > now ? stall_.StuckAt(limit) : stall_.StuckAt(StallLimit());
  const base::TimePoint client_end =
      legs_.client ? ending_->client_ends_at : base::TimePoint::max();
  // A time that is over has had its effect.
  const base::TimePoint gives_up =
      legs_.gives_up_at() > now ? legs_.gives_up_at() : base::TimePoint::max();
  return std::min({check, stuck, lifetime_.ends_at(), client_end, gives_up}) + kClockSlack;
}

void Session::RestartTimer() {
  const base::TimePoint now = net::EventLoop::Now();
  base::TimePoint next = base::TimePoint::max();
  if (state_ == SessionState::kOpen) {
    next = std::min(legs_.NextCheck(), lifetime_.ends_at());
    if (options().idle_timeout.count() != 0) {
      next = std::min(next, lifetime_.last_payload() + options().idle_timeout);
    }
  } else {
    next = NextClosingCheck(now);
  }
  if (next == base::TimePoint::max()) {
    timer_.Stop();
  } else {
    timer_.Start(std::max(next - now, base::Duration(1)));
  }
}

}  // namespace sluice::session
