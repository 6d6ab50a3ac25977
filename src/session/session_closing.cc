// The end of a session. Who is shut down when (state kFinishing):
//
//   leg      shut down (FIN) when                          closed when
//   client   all output is written, our Close included     its FIN has been read, too
//   backend  all payload of the client is written          its FIN has been read, too
//
// A backend that is a WebSocket ends the connection first (WebSocketLeg::PrepareShutDown).
// What a stream has accepted and not sent is sent first. The time limits are in time_limits.h.
#include <algorithm>
#include <chrono>

#include "sluice/session/session.h"
#include "sluice/websocket/close_code.h"

#include "session/session_limits.h"
#include "session/session_log.h"

namespace sluice::session {

Ending& Session::ending() {
  if (!ending_) ending_ = std::make_unique<Ending>();
  return *ending_;
}

// ---- The closing handshake ----

void Session::StartClose(base::Cause cause, const leg::PeerClose* application) {
  if (state_ != SessionState::kOpen) return;
  // A client that has ended its direction cleanly was the first to end the session.
  const bool client_was_first = relay_.to_backend().has_ended() && !relay_.to_client().has_ended();
  if (client_was_first && cause == base::Cause::kBackendClosed) cause = base::Cause::kClientClosed;
  SendClose(cause, application);
  if (relay_.to_backend().state() == Direction::State::kEnded) Apply(SessionEvent::kClientGone);
}

void Session::SendClose(base::Cause cause, const leg::PeerClose* application) {
  ending().cause = cause;
  leg::Leg& client = *relay_.legs().client;
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
  if (state_ != SessionState::kCloseSent || relay_.legs().client->has_close_codes() ||
      !relay_.to_backend().is_relaying() || ending().cause != base::Cause::kBackendClosed) {
    return;
  }
  // After its Close, the end of the connection does not change the cause.
  if (relay_.legs().backend->peer_close() != nullptr && !relay_.legs().backend->takes_payload())
    return;
  ending().cause = cause;
  ending().detail = detail;
}

// Without message boundaries it is unknown which bytes answer which, and a client that sends a
// Close has received what it waited for. Where a message is answered by a message, the answers to
// the messages before the Close, or before the broken frame, are still due.
bool Session::AwaitAnswers(std::optional<leg::MessageFault> fault) {
  const bool has_framing = !std::holds_alternative<settings::StreamFraming>(options().framing);
  if (state_ != SessionState::kOpen || !has_framing || !relay_.legs().BackendTakesPayload() ||
      !relay_.legs().client->takes_payload() || !relay_.to_client().is_relaying()) {
    return false;
  }
  const base::Duration limit = fault ? kAnswerTimeout : base::Duration(options().close_timeout);
  ending().client_fault = fault;
  ending().answers_until = net::EventLoop::Now() + limit;
  relay_.to_backend().Enter(Direction::State::kDiscarding);
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
    const bool backend_was_first = state_ == SessionState::kOpen && relay_.to_client().has_ended();
    ending().cause = backend_was_first ? base::Cause::kBackendClosed : base::Cause::kClientClosed;
    const std::optional<uint16_t> code = relay_.legs().client->peer_close()->code;
    ending().close_code = code.value_or(0);
    relay_.legs().client->RequestClose(code, {});
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
  if (state_ == SessionState::kOpen) time_limits_.StartClosing();
  state_ = *next;
  if (state_ == SessionState::kCloseSent) relay_.to_client().Hold();
  if (state_ == SessionState::kFinishing) relay_.Discard();
  if (state_ == SessionState::kClosed) return;
  time_limits_.OnProgress();
  RestartTimer();
}

// ---- The ends of the legs ----

void Session::FinishLegs() {
  if (state_ == SessionState::kAnswering) {
    // The end of the backend's direction means that it has no more answers; the end of ours, that
    // it gets no more to answer.
    FinishBackend();
    if (relay_.legs().backend && relay_.legs().client->takes_payload()) return;
    EndAnswers();
    relay_.Flush();
  }
  // The end of either direction is relayed as soon as all before it is written, while the other one
  // continues.
  if (state_ == SessionState::kOpen && relay_.to_backend().has_ended()) FinishBackend();
  if (state_ == SessionState::kCloseSent && !relay_.legs().client->has_close_codes()) {
    FinishClient();
    if (!relay_.legs().client) Apply(SessionEvent::kClientGone);
  }
  if (state_ != SessionState::kFinishing) return;
  FinishBackend();
  FinishClient();
  if (relay_.legs().client || relay_.legs().backend) return;
  Apply(SessionEvent::kLegsClosed);
  End();
}

void Session::FinishBackend() {
  auto& backend = relay_.legs().backend;
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
  OnBackendOutput(relay_.to_backend().Flush(*backend));
  if (!backend->Finish()) {
    if (backend->gives_up_at() != gave_up_at) RestartTimer();
    return;
  }
  backend.reset();
  server_slot_ = routing::ServerSlot();  // However long the client takes to leave.
}

void Session::FinishClient() {
  auto& client = relay_.legs().client;
  if (!client) return;
  const bool is_done = client->Finish();
  // Where the FIN is all that a client learns, a reset tells it that no one receives what it goes
  // on sending. The reset must not overtake what was sent to the client.
  const bool is_refused = !client->has_close_codes() && client->stream().HasSentEnd() &&
                          !relay_.legs().BackendTakesPayload() &&
                          client->stream().progress().under_way == 0;
  if (is_done || is_refused) client.reset();
}

void Session::Abort() {
  if (state_ == SessionState::kClosed) return;
  Apply(SessionEvent::kTimeUp);
  relay_.legs() = {};
  End();
}

void Session::End() {
  time_limits_.Stop();
  relay_.ReportQueued();
  const base::Cause cause = ending().cause.value_or(base::Cause::kDrain);
  const std::chrono::duration<double> lived = net::EventLoop::Now() - time_limits_.started();
  metrics::RouteMetrics& metrics = route_->metrics;
  metrics.sessions_active.Subtract();
  metrics.sessions_closed[static_cast<size_t>(cause)].Add();
  metrics.session_duration.Observe(lived.count());
  peers_.listener->connections_active.Subtract();
  LogEnd(workspace_.log, {.route = route_->settings.name,
                          .peers = peers_,
                          .bytes_to_backend = relay_.to_backend().bytes(),
                          .bytes_to_client = relay_.to_client().bytes(),
                          .seconds = lived.count(),
                          .cause = cause,
                          .ending = ending()});
  // Still on the stack of its own callbacks: destroyed in the next turn.
  owner_.Release(*this);
}

}  // namespace sluice::session
