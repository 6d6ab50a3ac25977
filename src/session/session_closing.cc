// The end of a session. Who is shut down when (state kFinishing):
//
//   leg      shut down (FIN) when                          closed when
//   client   all output is written, our Close included     its FIN has been read, too
//   backend  all payload of the client is written          its FIN has been read, too
//
// What a stream has accepted and not sent is sent first. The time limits are in session_timer.cc.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/text.h"
#include "sluice/session/session.h"
#include "sluice/websocket/close_code.h"

#include "session/session_limits.h"

namespace sluice::session {

Ending& Session::ending() {
  if (!ending_) ending_ = std::make_unique<Ending>();
  return *ending_;
}

// ---- The closing handshake ----

void Session::StartClose(base::Cause cause, const leg::PeerClose* application) {
  if (state_ != SessionState::kOpen) return;
  // A client that has ended its direction cleanly was the first to end the session.
  const bool client_was_first = to_backend_.has_ended() && !to_client_.has_ended();
  if (client_was_first && cause == base::Cause::kBackendClosed) cause = base::Cause::kClientClosed;
  SendClose(cause, application);
  if (to_backend_.state() == Direction::State::kEnded) Apply(SessionEvent::kClientGone);
}

void Session::SendClose(base::Cause cause, const leg::PeerClose* application) {
  ending().cause = cause;
  leg::Leg& client = *legs_.client;
  if (!client.has_close_codes()) {
    client.RequestEnd();
  } else if (application != nullptr) {
    ending().close_code = *application->code;
    client.RequestClose(application->code, application->reason);
  } else {
    ending().close_code = CloseCodeOf(cause, options().close_codes);
    client.RequestClose(ending().close_code, base::ReasonOf(cause));
  }
  Apply(SessionEvent::kCloseBegun);
}

/// Replaces the cause of a session whose client of plain TCP continues after the end of the
/// backend's direction, which was clean so far.
void Session::AmendCause(base::Cause cause, std::string_view detail) {
  if (state_ != SessionState::kCloseSent || legs_.client->has_close_codes() ||
      !to_backend_.is_relaying() || ending().cause != base::Cause::kBackendClosed) {
    return;
  }
  // After its Close, what becomes of the connection is no news.
  if (legs_.backend->peer_close() != nullptr && !legs_.backend->takes_payload()) return;
  ending().cause = cause;
  ending().detail = detail;
}

// Where bytes have no bounds, no one can say which bytes answer which, and a client that sends a
// Close has received what it waited for. Where a message is answered by a message, the answers to
// the messages before the Close, or before the broken frame, are still due.
bool Session::AwaitAnswers(std::optional<leg::MessageFault> fault) {
  const bool has_framing = !std::holds_alternative<settings::StreamFraming>(options().framing);
  if (state_ != SessionState::kOpen || !has_framing || !legs_.BackendTakesPayload() ||
      !legs_.client->takes_payload() || !to_client_.is_relaying()) {
    return false;
  }
  const base::Duration limit = fault ? kAnswerTimeout : base::Duration(options().close_timeout);
  ending().client_fault = fault;
  ending().answers_until = net::EventLoop::Now() + limit;
  to_backend_.Enter(Direction::State::kDiscarding);
  Apply(SessionEvent::kLastFrame);
  return true;
}

void Session::EndAnswers() {
  if (ending().client_fault) {
    AnswerFault(*ending().client_fault);
  } else {
    AnswerClose();
  }
}

void Session::AnswerClose() {
  if (state_ == SessionState::kOpen || state_ == SessionState::kAnswering) {
    const bool backend_was_first = state_ == SessionState::kOpen && to_client_.has_ended();
    ending().cause = backend_was_first ? base::Cause::kBackendClosed : base::Cause::kClientClosed;
    const std::optional<uint16_t> code = legs_.client->peer_close()->code;
    ending().close_code = code.value_or(0);
    legs_.client->RequestClose(code, {});
  }
  Apply(SessionEvent::kCloseReceived);
}

void Session::AnswerFault(const leg::MessageFault& fault) {
  if (state_ == SessionState::kOpen || state_ == SessionState::kAnswering) SendClose(fault.cause);
  ending().detail = fault.detail;
  ending().client_ends_at = net::EventLoop::Now() +
                            std::min<base::Duration>(options().close_timeout, kBrokenClientTimeout);
  Apply(SessionEvent::kFramingBroken);
}

void Session::Apply(SessionEvent event) {
  const auto next = Next(state_, event);
  if (!next) return;
  const base::TimePoint now = net::EventLoop::Now();
  if (state_ == SessionState::kOpen) {
    lifetime_.EndClosingBy(
        now + std::max<base::Duration>(options().close_total, options().close_timeout));
  }
  state_ = *next;
  if (state_ == SessionState::kFinishing) {
    // A direction that was paused may have no other event.
    if (to_backend_.is_paused() || to_client_.is_paused()) workspace_.loop.RunNextTurn(*this);
    to_backend_.Enter(Direction::State::kDiscarding);
    to_client_.Enter(Direction::State::kDiscarding);
  }
  if (state_ == SessionState::kClosed) return;
  stall_.Reset(now, 0);  // Most sessions are over before the first look asks the kernel.
  RestartTimer();
}

// ---- The ends of the legs ----

void Session::FinishLegs() {
  if (state_ == SessionState::kAnswering) {
    // The end of the backend's direction means that it has no more answers; the end of ours, that
    // it gets no more to answer.
    FinishBackend();
    if (legs_.backend && legs_.client->takes_payload()) return;
    EndAnswers();
    Flush();
  }
  // The end of either direction is relayed as soon as all before it is written, while the other one
  // continues.
  if (state_ == SessionState::kOpen && to_backend_.has_ended()) FinishBackend();
  if (state_ == SessionState::kCloseSent && !legs_.client->has_close_codes()) {
    FinishClient();
    if (!legs_.client) Apply(SessionEvent::kClientGone);
  }
  if (state_ != SessionState::kFinishing) return;
  FinishBackend();
  FinishClient();
  if (legs_.client || legs_.backend) return;
  Apply(SessionEvent::kLegsClosed);
  End();
}

void Session::FinishBackend() {
  auto& backend = legs_.backend;
  if (!backend) return;
  const base::TimePoint gave_up_at = backend->gives_up_at();
  const leg::Output rest = backend->EndMessages();
  if (rest.status == leg::Output::Status::kFault) {
    backend->RequestClose(base::InfoOf(rest.fault.cause).close_code, {});
  }
  if (state_ == SessionState::kOpen) {
    backend->RequestEnd();
  } else if (const auto& close = ending().to_server) {
    backend->RequestClose(close->code, close->reason);
  } else {
    backend->RequestClose(websocket::kCloseNormal, {});
  }
  OnBackendOutput(to_backend_.Flush(*backend));
  if (!backend->Finish()) {
    if (backend->gives_up_at() != gave_up_at) RestartTimer();
    return;
  }
  CloseLeg(backend);
  server_slot_ = routing::ServerSlot();  // However long the client takes to leave.
}

void Session::FinishClient() {
  auto& client = legs_.client;
  if (!client) return;
  const bool is_done = client->Finish();
  // Where the FIN is all that a client learns, a reset tells it that no one receives what it goes
  // on sending. The reset must not overtake what was sent to the client.
  const bool is_refused = !client->has_close_codes() && client->has_ended_output() &&
                          !legs_.BackendTakesPayload() && client->progress().under_way == 0;
  if (is_done || is_refused) CloseLeg(client);
}

void Session::CloseLeg(std::unique_ptr<leg::Leg>& leg) {
  leg.reset();
  if (stall_.has_count()) stall_.Recount(Moved());
}

void Session::Abort() {
  if (state_ == SessionState::kClosed) return;
  Apply(SessionEvent::kTimeUp);
  legs_ = {};
  End();
}

void Session::End() {
  timer_.Stop();
  ReportQueued();
  const base::Cause cause = ending().cause.value_or(base::Cause::kDrain);
  const std::chrono::duration<double> lived = net::EventLoop::Now() - lifetime_.started();
  metrics::RouteMetrics& metrics = route_->metrics;
  metrics.sessions_active.Subtract();
  metrics.sessions_closed[static_cast<size_t>(cause)].Add();
  metrics.session_duration.Observe(lived.count());
  peers_.listener->connections_active.Subtract();
  Log(cause, lived.count());
  // Still on the stack of its own callbacks: destroyed in the next turn.
  owner_.Release(*this);
}

void Session::Log(base::Cause cause, double seconds) const {
  const base::CauseInfo& info = base::InfoOf(cause);
  const std::string id = peers_.id.ToString();
  const std::string client = peers_.client.ToString();
  const std::string server = peers_.server ? peers_.server->ToString() : "";
  const std::string user = peers_.identity ? base::Excerpt(peers_.identity->user) : "";
  std::vector<base::LogField> fields = {{"connection", id},
                                        {"route", route_->settings.name},
                                        {"client", client},
                                        {"server", server},
                                        {"bytes_to_backend", to_backend_.bytes()},
                                        {"bytes_to_client", to_client_.bytes()},
                                        {"duration_seconds", seconds},
                                        {"reason", info.reason},
                                        {"fault", base::ToString(info.fault)}};
  if (peers_.identity) {
    fields.emplace_back("auth", peers_.identity->method);
    if (!user.empty()) fields.emplace_back("user", user);
  }
  if (ending_->close_code != 0) fields.emplace_back("code", ending_->close_code);
  if (!ending_->detail.empty()) fields.emplace_back("detail", ending_->detail);
  workspace_.log.Write(info.level, "session", fields);
}

}  // namespace sluice::session
