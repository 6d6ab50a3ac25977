#include "sluice/session/time_limits.h"

#include <algorithm>

#include "session/session_limits.h"

namespace sluice::session {

using Action = TimeLimits::Verdict::Action;

TimeLimits::TimeLimits(net::EventLoop& loop, net::TimerHandler& handler,
                       const settings::SessionOptions& options)
    : options_(options), timer_(loop, handler), started_(net::EventLoop::Now()) {
  if (options.max_age.count() != 0) CloseBy(started_ + options.max_age, base::Cause::kMaxAge);
}

void TimeLimits::CloseBy(base::TimePoint time, base::Cause cause) {
  if (time >= ends_at_) return;
  ends_at_ = time;
  ends_with_ = cause;
}

void TimeLimits::CloseBy(std::chrono::sys_seconds time, base::Cause cause) {
  // A wall-clock time may be too far in the future for a clock with finer ticks.
  constexpr std::chrono::seconds kLongest = std::chrono::years(100);
  const auto today = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CloseBy(started_ + std::min<std::chrono::seconds>(time - today, kLongest), cause);
}

void TimeLimits::StartClosing() {
  ends_at_ = net::EventLoop::Now() +
             std::max<base::Duration>(options_.close_total, options_.close_timeout);
}

// Most sessions are over before the first check asks the kernel.
void TimeLimits::OnProgress() {
  stall_.Reset(net::EventLoop::Now(), 0);
}

// ---- Checks ----

TimeLimits::Verdict TimeLimits::Check(SessionState state, Relay& relay, const Ending* ending) {
  const base::TimePoint now = net::EventLoop::Now();
  return state == SessionState::kOpen ? CheckOpen(now, relay)
                                      : CheckClosing(now, state, relay, *ending);
}

TimeLimits::Verdict TimeLimits::CheckOpen(base::TimePoint now, Relay& relay) {
  if (now >= ends_at_) return {Action::kClose, ends_with_};
  const base::Duration idle = options_.idle_timeout;
  if (idle.count() != 0 && now - IdleSince(relay) >= idle) {
    // A slow peer takes bytes from a queue for a long time without another read.
    const bool has_queued = relay.to_backend().queued() + relay.to_client().queued() != 0;
    const uint64_t moved = has_queued ? relay.Moved() : 0;
    if (moved <= moved_) return {Action::kClose, base::Cause::kIdleTimeout};
    moved_ = moved;
    last_slow_progress_ = now;
  }
  return CheckPeers(now, relay);
}

TimeLimits::Verdict TimeLimits::CheckPeers(base::TimePoint now, Relay& relay) {
  using Liveness = leg::Leg::Liveness;
  const auto& [client, backend] = relay.legs();  // kOpen has both.
  if (backend->Check(now, IdleSince(relay)) != Liveness::kAlive) return {Action::kLoseBackend};
  // While the backend takes nothing, the client is not read, and a pong that was not read does not
  // count as missing. But if the client has left, and the backend still takes nothing, the session
  // is useless.
  if (!relay.to_backend().is_paused()) {
    // What is counted while it is paused will be more: no need to ask the kernels now.
    stall_.Reset(now, 0);
  } else {
    stall_.Update(now, relay.Moved());
    if (stall_.IsStuck(now, StallLimit()) && client->stream().HasPeerLeft())
      return {Action::kLoseClient};
  }
  switch (client->Check(now, IdleSince(relay))) {
    case Liveness::kAlive:
      break;
    case Liveness::kSilent:
      return {Action::kLoseClient};
    case Liveness::kNoPong:
      return {Action::kClose, base::Cause::kPongTimeout};
  }
  return {};
}

TimeLimits::Verdict TimeLimits::CheckClosing(base::TimePoint now, SessionState state,
                                             const Relay& relay, const Ending& ending) {
  stall_.Update(now, relay.Moved());
  const bool is_stuck = stall_.IsStuck(now, ClosingLimit(state, relay.legs(), ending));
  if (state == SessionState::kAnswering) {
    return {is_stuck || now >= ending.answers_until ? Action::kEndAnswers : Action::kNothing};
  }
  if (now >= ends_at_) {
    return {Action::kAbort, {}, "closing took longer than timeouts.close_total"};
  }
  if (now >= ending.client_ends_at && relay.legs().client) return {Action::kAbandonClient};
  if (is_stuck) return {Action::kAbort, {}, "closing made no progress for timeouts.close"};
  return {};
}

// ---- Limits ----

base::TimePoint TimeLimits::IdleSince(const Relay& relay) const {
  return std::max(relay.last_payload(), last_slow_progress_);
}

base::Duration TimeLimits::LeastClosingLimit(SessionState state) const {
  return state == SessionState::kAnswering ? kAnswerTimeout
                                           : base::Duration(options_.close_timeout);
}

/// Returns how long a closing session may make no progress. A peer that has payload to take gets as
/// long as a living client would, unless it is known to be dead.
base::Duration TimeLimits::ClosingLimit(SessionState state, const Legs& legs,
                                        const Ending& ending) const {
  const base::Duration limit = LeastClosingLimit(state);
  if (state == SessionState::kAnswering || ending.cause == base::Cause::kPongTimeout ||
      legs.Untaken() == 0) {
    return limit;
  }
  return std::max(limit, StallLimit());
}

/// Returns how long a living peer may take nothing.
base::Duration TimeLimits::StallLimit() const {
  return std::max<base::Duration>(
      options_.close_timeout, options_.keepalive.ping_interval + options_.keepalive.pong_timeout);
}

// ---- The timer ----

void TimeLimits::Restart(SessionState state, const Relay& relay, const Ending* ending) {
  const base::TimePoint now = net::EventLoop::Now();
  const base::TimePoint next = state == SessionState::kOpen
                                   ? NextOpenCheck(relay)
                                   : NextClosingCheck(now, state, relay.legs(), *ending);
  if (next == base::TimePoint::max()) {
    timer_.Stop();
  } else {
    timer_.Start(std::max(next - now, base::Duration(1)));
  }
}

base::TimePoint TimeLimits::NextOpenCheck(const Relay& relay) const {
  const base::TimePoint next = std::min(relay.legs().NextCheck(), ends_at_);
  if (options_.idle_timeout.count() == 0) return next;
  return std::min(next, IdleSince(relay) + options_.idle_timeout);
}

/// Asks no kernel: most sessions are over before the first check.
base::TimePoint TimeLimits::NextClosingCheck(base::TimePoint now, SessionState state,
                                             const Legs& legs, const Ending& ending) const {
  const base::Duration limit = LeastClosingLimit(state);
  const base::TimePoint check =
      now + std::min<base::Duration>(options_.close_timeout, limit) / kClosingChecks;
  const base::TimePoint stuck =
      stall_.StuckAt(limit) > now ? stall_.StuckAt(limit) : stall_.StuckAt(StallLimit());
  const base::TimePoint client_end = legs.client ? ending.client_ends_at : base::TimePoint::max();
  // A leg that has given up says so once.
  const base::TimePoint gives_up =
      legs.gives_up_at() > now ? legs.gives_up_at() : base::TimePoint::max();
  return std::min({check, stuck, ends_at_, client_end, gives_up}) + kClockSlack;
}

}  // namespace sluice::session
