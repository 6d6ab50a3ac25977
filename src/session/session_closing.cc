// Time, and the end of a session.
//
// Who is shut down when (state kFinishing):
//
//   leg      shut down (FIN) when                          closed when
//   client   all output is written, our Close included     its FIN has been read, too
//   backend  all payload of the client is written          its FIN has been read, too
//
// What a stream has taken and not sent is sent first.
//
// Two clocks bound it. timeouts.close is for a session that makes no progress: every byte that is
// relayed or that a peer's kernel acknowledges restarts it. timeouts.close_total is over all of it,
// from the moment the session leaves kOpen, and nothing that a peer sends or takes restarts it.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/text.h"
#include "sluice/leg/message_codec.h"
#include "sluice/session/session.h"
#include "sluice/websocket/close_code.h"

#include "session/bandwidth.h"
#include "session/session_limits.h"

namespace sluice::session {

void Session::OnTimer() {
  const base::TimePoint now = net::EventLoop::Now();
  if (state_ == SessionState::kOpen) {
    OnOpenTimer(now);
  } else if (state_ == SessionState::kAnswering) {
    OnAnswersTimer(now);
  } else {
    OnClosingTimer(now);
  }
  if (state_ == SessionState::kClosed) return;
  RestartTimer();
  Pump();
}

void Session::OnOpenTimer(base::TimePoint now) {
  CheckAge(now);
  if (state_ == SessionState::kOpen) CheckIdle(now);
  if (state_ == SessionState::kOpen) CheckBackend(now);
  if (state_ == SessionState::kOpen) CheckPausedClient(now);
  if (state_ == SessionState::kOpen) CheckClient(now);
}

void Session::CheckAge(base::TimePoint now) {
  if (now >= ends_at_) BeginClose(ends_with_);
}

void Session::CheckIdle(base::TimePoint now) {
  const base::Duration idle = options().idle_timeout;
  if (idle.count() == 0 || now - last_payload_ < idle) return;
  // A slow peer is fed from a queue for a long time without a read from the other one.
  const uint64_t moved = Moved();
  if (to_backend_.queued + to_client_.queued != 0 && moved > moved_when_idle_) {
    moved_when_idle_ = moved;
    last_payload_ = now;
    return;
  }
  BeginClose(base::Cause::kIdleTimeout);
}

// While the backend takes nothing, the client is not read and no pong of its can be held against
// it. But when it has left, and the backend still takes nothing, there is nobody to keep the
// session for.
void Session::CheckPausedClient(base::TimePoint now) {
  if (!IsPaused(to_backend_)) {
    // Whatever is counted when it is paused will be more: no need to ask the kernels now.
    stall_.Reset(now, 0);
  } else if (stall_.IsStuck(now, Moved(), StallLimit()) && HasClientLeft()) {
    OnClientEnd(/*in_good_order=*/false);
  }
}

// A client of plain TCP that has ended its direction may still listen.
bool Session::HasClientLeft() const {
  return peers_.is_raw ? to_client_.write_failed || client_->IsReset() : client_->HasPeerEnded();
}

void Session::CheckBackend(base::TimePoint now) {
  const base::Duration timeout = options().keepalive.backend_timeout;
  if (timeout.count() == 0 || now < backend_check_at_) return;
  backend_check_at_ = now + timeout / 2;
  // Not from the start: many sessions never come here.
  if (!std::exchange(backend_is_probed_, true)) {
    backend_->ProbeWhileIdle(timeout);
    if (peers_.is_raw) client_->ProbeWhileIdle(timeout);
  }
  if (backend_->IsPeerSilent(timeout)) {
    OnBackendEnd(/*in_good_order=*/false);
  } else if (peers_.is_raw && client_->IsPeerSilent(timeout)) {
    OnClientEnd(/*in_good_order=*/false);
  }
}

void Session::CheckClient(base::TimePoint now) {
  if (const auto next = keep_alive_.next(); !next || now < *next) return;
  const size_t under_way = client_->UnacknowledgedBytes();
  const leg::KeepAlive::Leg leg{last_received_, IsPaused(to_backend_),
                                client_output_.size() + under_way, TakenFrom(*client_, under_way)};
  switch (keep_alive_.OnTimer(now, leg, workspace_.Jitter())) {
    case leg::KeepAlive::Action::kNone:
      return;
    case leg::KeepAlive::Action::kPing:
      if (codec_ && now - last_payload_ >= options().keepalive.ping_interval) {
        codec_->to_frames.Release();
      }
      client_output_.RequestPing(keep_alive_.ping_payload());
      pinged_at_ = std::chrono::steady_clock::now();
      route_metrics().pings_sent.Add();
      return;
    case leg::KeepAlive::Action::kGiveUp:
      BeginClose(base::Cause::kPongTimeout);
      return;
  }
}

void Session::OnClosingTimer(base::TimePoint now) {
  if (now >= ends_at_) {
    GiveUp("closing took longer than timeouts.close_total");
    return;
  }
  if (now >= client_ends_at_ && client_) {
    // It need not be waited for; the backend still gets the rest.
    OnClientEnd(/*in_good_order=*/false);
    CloseLeg(client_);
    return;
  }
  if (stall_.IsStuck(now, Moved(), ClosingLimit())) {
    GiveUp("closing made no progress for timeouts.close");
  }
}

// A peer that has payload to take gets as long as a living client would, unless it is known to be
// dead.
base::Duration Session::ClosingLimit() const {
  if (state_ == SessionState::kAnswering) return kAnswerTimeout;
  if (Untaken() == 0 || cause_ == base::Cause::kPongTimeout) {
    return options().close_timeout;
  }
  return std::max(options().close_timeout, StallLimit());
}

base::TimePoint Session::NextClosingLook(base::TimePoint now) const {
  const base::TimePoint look =
      now + std::min(options().close_timeout, ClosingLimit()) / kClosingLooks;
  const base::TimePoint client_end = client_ ? client_ends_at_ : base::TimePoint::max();
  return std::min({look, stall_.StuckAt(ClosingLimit()), ends_at_, client_end}) + kClockSlack;
}

void Session::GiveUp(std::string_view why) {
  if (!detail_) SetDetail(why);
  Cut();
}

base::Duration Session::StallLimit() const {
  const auto& keepalive = options().keepalive;
  return std::max(options().close_timeout, keepalive.ping_interval + keepalive.pong_timeout);
}

size_t Session::Untaken() const {
  size_t bytes = client_output_.size() + backend_queue_.size();
  for (const auto* leg : {client_.get(), backend_.get()}) {
    const size_t under_way = leg != nullptr ? leg->UnacknowledgedBytes() : 0;
    if (under_way > kMostUnderWayAtEnd) bytes += under_way;
  }
  return bytes;
}

uint64_t Session::Moved() const {
  uint64_t bytes = to_backend_.bytes + to_client_.bytes;
  for (const auto* leg : {client_.get(), backend_.get()}) {
    if (leg != nullptr) bytes += TakenFrom(*leg, leg->UnacknowledgedBytes());
  }
  return bytes;
}

uint64_t Session::TakenFrom(const net::Stream& leg, uint64_t under_way) {
  // A Unix socket counts its overhead as unacknowledged, too.
  return leg.bytes_written() - std::min(leg.bytes_written(), under_way);
}

void Session::RestartTimer() {
  const base::TimePoint now = net::EventLoop::Now();
  std::optional<base::TimePoint> next;
  if (state_ == SessionState::kOpen) {
    const auto sooner = [&next](base::TimePoint other) {
      if (!next || other < *next) next = other;
    };
    next = keep_alive_.next();
    if (options().keepalive.backend_timeout.count() != 0) sooner(backend_check_at_);
    if (ends_at_ != base::TimePoint::max()) sooner(ends_at_);
    if (options().idle_timeout.count() != 0) sooner(last_payload_ + options().idle_timeout);
  } else {
    next = NextClosingLook(now);
  }
  if (next) {
    timer_.Start(std::max(*next - now, base::Duration(1)));
  } else {
    timer_.Stop();
  }
}

void Session::Cut() {
  if (state_ == SessionState::kClosed) return;
  Enter(SessionEvent::kTimeUp);
  client_.reset();
  backend_.reset();
  End();
}

// Where bytes have no bounds, nobody can tell what is an answer to what, and a client that says
// Close has had what it waited for. Where a message is answered by a message, the answer to one
// that came before the Close, or before the frame that broke the framing, is still owed.
bool Session::AwaitAnswers(const LastFrame& last) {
  if (state_ != SessionState::kOpen || !codec_ || !codec_->has_framing || !backend_ ||
      to_backend_.write_failed || to_client_.write_failed || to_client_.input != Input::kRelayed) {
    return false;
  }
  const base::Duration limit = last.fault ? kAnswerTimeout : options().close_timeout;
  last_frame_ = std::make_unique<const LastFrame>(
      LastFrame{last.close_code, last.fault, net::EventLoop::Now() + limit});
  to_backend_.input = Input::kDiscarded;
  to_backend_.pauses = 0;
  Enter(SessionEvent::kLastFrame);
  return true;
}

void Session::OnAnswersTimer(base::TimePoint now) {
  const bool is_silent = stall_.IsStuck(now, Moved(), kAnswerTimeout);
  if (is_silent || now >= last_frame_->answers_until) EndAnswers();
}

void Session::EndAnswers() {
  if (last_frame_->fault) {
    TakeBreach(*last_frame_->fault);
  } else {
    TakeClose(last_frame_->close_code);
  }
}

void Session::BeginClose(base::Cause cause, const net::ApplicationClose* application) {
  if (state_ != SessionState::kOpen) return;
  // A client that has ended its direction cleanly was the first to.
  const bool client_was_first = HasClientEnded() && to_client_.input != Input::kEnded;
  if (client_was_first && cause == base::Cause::kBackendClosed) cause = base::Cause::kClientClosed;
  StartClose(cause, application);
  if (to_backend_.input == Input::kEnded) Enter(SessionEvent::kClientGone);
}

/// Replaces the cause of a session whose client of plain TCP goes on after the end of the backend's
/// direction: a clean end so far.
void Session::AmendCause(base::Cause cause) {
  if (!peers_.is_raw || state_ != SessionState::kCloseSent || to_backend_.write_failed ||
      to_backend_.input != Input::kRelayed || cause_ != base::Cause::kBackendClosed) {
    return;
  }
  cause_ = cause;
  SetDetail(backend_->failure());
}

void Session::StartClose(base::Cause cause, const net::ApplicationClose* application) {
  cause_ = cause;
  const base::CauseInfo& info = base::InfoOf(cause);
  if (peers_.is_raw) {  // Its FIN is all that it is told.
    Enter(SessionEvent::kCloseBegun);
    return;
  }
  std::string_view reason = info.reason;
  // Without a code of its own, it is a clean end of both directions.
  close_code_ = info.close_code != 0 ? info.close_code : websocket::kCloseNormal;
  if (options().close_codes == settings::CloseCodes::kWebsockify) {
    close_code_ = std::min(close_code_, websocket::kCloseInternalError);
  }
  if (application != nullptr) {
    application_reason_ = std::make_unique<const std::string>(application->reason);
    close_code_ = application->code;
    reason = *application_reason_;
  }
  if (!to_client_.write_failed) client_output_.RequestClose(close_code_, reason);
  Enter(SessionEvent::kCloseBegun);
}

void Session::Enter(SessionEvent event) {
  const auto next = Next(state_, event);
  if (!next) return;
  if (state_ == SessionState::kOpen) {
    ends_at_ = net::EventLoop::Now() + std::max(options().close_total, options().close_timeout);
  }
  state_ = *next;
  if (state_ == SessionState::kFinishing) {
    client_output_.EndBehindClose();
    const auto discard = [](Direction& direction) {
      if (direction.input != Input::kEnded) direction.input = Input::kDiscarded;
      direction.pauses = 0;
    };
    discard(to_backend_);
    discard(to_client_);
  }
  if (state_ == SessionState::kClosed) return;
  stall_.Reset(net::EventLoop::Now(), Moved());
  RestartTimer();
}

void Session::FinishLegs() {
  if (state_ == SessionState::kAnswering) {
    // The backend's FIN says that it has no more answers; ours, that it gets no more to answer.
    FinishBackendLeg();
    if (backend_ && !to_client_.write_failed) return;
    EndAnswers();
    FlushToClient();
  }
  if (peers_.is_raw || peers_.has_half_close) FinishDirections();
  if (state_ != SessionState::kFinishing) return;
  FinishBackendLeg();
  FinishClientLeg();
  if (client_ || backend_) return;
  Enter(SessionEvent::kLegsClosed);
  End();
}

// The end of either direction is relayed as soon as all before it is written, while the other one
// goes on.
void Session::FinishDirections() {
  if (state_ == SessionState::kOpen && HasClientEnded()) FinishBackendLeg();
  if (state_ == SessionState::kCloseSent && peers_.is_raw) {
    FinishClientLeg();
    if (!client_) Enter(SessionEvent::kClientGone);
  }
}

void Session::CloseLeg(std::unique_ptr<net::Stream>& leg) {
  leg.reset();
  stall_.Recount(Moved());
}

void Session::FinishBackendLeg() {
  if (!backend_) return;
  if (!to_backend_.fin_sent && backend_queue_.empty()) {
    if (state_ != SessionState::kOpen) {
      backend_->ShutdownWrite();
      to_backend_.fin_sent = true;
    } else if (!to_backend_.half_closed) {
      to_backend_.half_closed = true;
      to_backend_.fin_sent = backend_->HalfClose();
    }
  }
  if (to_backend_.fin_sent && to_client_.input == Input::kEnded && !backend_->HasUnsent()) {
    CloseLeg(backend_);
    server_slot_ = routing::ServerSlot();  // However long the client takes to go.
  }
}

void Session::FinishClientLeg() {
  if (!client_) return;
  if (!to_client_.fin_sent && (client_output_.idle() || to_client_.write_failed)) {
    client_->ShutdownWrite();
    to_client_.fin_sent = true;
  }
  if (!to_client_.fin_sent || client_->HasUnsent()) return;
  // Where the FIN is all that a client is told, a reset answers what it goes on sending to no one.
  // The reset must not overtake what was sent to the client.
  const bool is_refused =
      peers_.is_raw && to_backend_.write_failed && client_->UnacknowledgedBytes() == 0;
  if (to_backend_.input == Input::kEnded || is_refused) CloseLeg(client_);
}

void Session::End() {
  timer_.Stop();
  SetQueued(to_backend_, 0);
  SetQueued(to_client_, 0);
  const base::Cause cause = cause_.value_or(base::Cause::kDrain);
  const std::chrono::duration<double> lived = net::EventLoop::Now() - started_;
  auto& metrics = route_metrics();
  metrics.sessions_active.Subtract();
  metrics.sessions_closed[static_cast<size_t>(cause)].Add();
  metrics.session_duration.Observe(lived.count());
  peers_.listener->connections_active.Subtract();

  Log(cause, lived.count());
  codec_.reset();  // The pool that its states go back to may be gone when the session is.
  // Still on the stack of its own callbacks: destroyed in the next turn.
  owner_.Release(*this);
}

void Session::Log(base::Cause cause, double seconds) {
  const base::CauseInfo& info = base::InfoOf(cause);
  const std::string id = peers_.id.ToString();
  const std::string client = peers_.client.ToString();
  const std::string server = peers_.server ? peers_.server->ToString() : "";
  const std::string user = peers_.identity ? base::Excerpt(peers_.identity->user) : "";
  std::vector<base::LogField> fields = {{"connection", id},
                                        {"route", route_->settings.name},
                                        {"client", client},
                                        {"server", server},
                                        {"bytes_to_backend", to_backend_.bytes},
                                        {"bytes_to_client", to_client_.bytes},
                                        {"duration_seconds", seconds},
                                        {"reason", info.reason},
                                        {"fault", base::ToString(info.fault)}};
  if (peers_.identity) {
    fields.emplace_back("auth", peers_.identity->method);
    if (!user.empty()) fields.emplace_back("user", user);
  }
  if (close_code_ != 0) fields.emplace_back("code", close_code_);
  if (detail_) fields.emplace_back("detail", *detail_);
  workspace_.log.Write(info.level, "session", fields);
}

}  // namespace sluice::session
