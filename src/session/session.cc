#include "sluice/session/session.h"

#include <chrono>
#include <utility>

#include "sluice/net/tls_state.h"
#include "sluice/websocket/close_code.h"

namespace sluice::session {

using InputStatus = leg::Input::Status;
using OutputStatus = leg::Output::Status;

Session::Session(workspace::Workspace& workspace, SessionOwner& owner, Parts parts)
    : workspace_(workspace),
      owner_(owner),
      route_(std::move(parts.route)),
      peers_(std::move(parts.peers)),
      quota_slot_(std::move(parts.quota_slot)),
      server_slot_(std::move(parts.server_slot)),
      relay_(workspace, *this, route_->metrics, options(), std::move(parts.legs)),
      time_limits_(workspace.loop, *this, options()) {
  if (peers_.identity && peers_.identity->expires) {
    time_limits_.CloseBy(*peers_.identity->expires, base::Cause::kTokenExpired);
  }
  const net::TlsState* const tls = relay_.legs().client->stream().net().tls();
  if (tls != nullptr && tls->peer_certificate && tls->peer_certificate->expires) {
    const std::chrono::seconds expires(*tls->peer_certificate->expires);
    time_limits_.CloseBy(std::chrono::sys_seconds(expires), base::Cause::kCertificateExpired);
  }
  route_->metrics.sessions_opened.Add();
  route_->metrics.sessions_active.Add();
}

void Session::Start(std::optional<base::Cause> cause) {
  if (cause) StartClose(*cause);
  RestartTimer();
  Pump();
}

void Session::RequestClose(base::Cause cause) {
  StartClose(cause);
  Pump();
}

void Session::RequestCloseAt(base::TimePoint time, base::Cause cause) {
  if (state_ != SessionState::kOpen) return;
  time_limits_.CloseBy(time, cause);
  RestartTimer();
}

void Session::Pump() {
  if (state_ == SessionState::kClosed) return;
  relay_.Run();
  FinishLegs();  // May end the session: nothing may follow.
}

void Session::OnTimer() {
  using Action = TimeLimits::Verdict::Action;
  const TimeLimits::Verdict verdict = time_limits_.Check(state_, relay_, ending_.get());
  switch (verdict.action) {
    case Action::kNothing:
      break;
    case Action::kClose:
      StartClose(verdict.cause);
      break;
    case Action::kLoseClient:
      OnClientLost();
      break;
    case Action::kLoseBackend:
      OnBackendInput({.status = InputStatus::kLost});
      break;
    case Action::kEndAnswers:
      EndAnswers();
      break;
    case Action::kAbandonClient:
      OnClientLost();
      relay_.legs().client.reset();
      break;
    case Action::kAbort:
      if (ending().detail.empty()) ending().detail = verdict.detail;
      Abort();
      return;
  }
  RestartTimer();
  Pump();
}

// ---- What the client leg reports ----

void Session::OnClientInput(const leg::Input& input) {
  switch (input.status) {
    case InputStatus::kOk:
    case InputStatus::kWouldBlock:
      break;
    case InputStatus::kHalfClosed:
      relay_.to_backend().Enter(Direction::State::kHalfClosed);
      if (relay_.to_client().has_ended()) StartClose(base::Cause::kBackendClosed);
      break;
    case InputStatus::kEnd:
      relay_.to_backend().Enter(Direction::State::kEnded);
      if (relay_.legs().client->has_close_codes()) break;  // Its Close came before.
      // The client sends no more, but may still have much to receive.
      if (!ending().cause) ending().cause = base::Cause::kClientClosed;
      if (state_ != SessionState::kOpen) Apply(SessionEvent::kClientGone);
      break;
    case InputStatus::kLost:
      OnClientLost();
      break;
    case InputStatus::kClose:
      OnClientClose();
      break;
    case InputStatus::kFault:
      if (!AwaitAnswers(input.fault)) AnswerFault(input.fault);
      break;
  }
}

void Session::OnClientLost() {
  relay_.to_backend().Enter(Direction::State::kEnded);
  relay_.legs().client->Abandon();
  if (!ending().cause) ending().cause = base::Cause::kClientLost;
  Apply(SessionEvent::kClientGone);
}

void Session::OnClientClose() {
  const leg::PeerClose& close = *relay_.legs().client->peer_close();
  const bool is_application = close.code && websocket::IsApplicationCloseCode(*close.code);
  if (is_application && state_ == SessionState::kOpen) ending().to_server = close;
  if (!AwaitAnswers(std::nullopt)) AnswerClose();
}

void Session::OnClientOutput(const leg::Output& output) {
  if (output.status == OutputStatus::kFault) {
    if (state_ == SessionState::kOpen) ending().detail = output.fault.detail;
    StartClose(output.fault.cause);
    if (state_ == SessionState::kAnswering) EndAnswers();  // No more answers can be understood.
  }
  // The client is gone, but what it sent before may still be in the socket, and its end is reported
  // there (OnClientInput). A client of plain TCP may have ended its direction long ago.
  if (output.status == OutputStatus::kBroken && state_ == SessionState::kOpen &&
      relay_.to_backend().state() == Direction::State::kEnded) {
    ending().cause = base::Cause::kClientLost;
    Apply(SessionEvent::kClientGone);
  }
}

// ---- What the backend leg reports ----

void Session::OnBackendInput(const leg::Input& input) {
  if (input.status == InputStatus::kOk || input.status == InputStatus::kWouldBlock) return;
  const auto& [client, backend] = relay_.legs();
  const leg::PeerClose* close =
      input.status == InputStatus::kClose ? backend->peer_close() : nullptr;
  const bool has_left =
      input.status != InputStatus::kEnd && input.status != InputStatus::kHalfClosed;
  const bool is_clean = !has_left || (close != nullptr && IsCleanClose(*close));
  // An application's own code is no error, if the client can receive it.
  const bool is_application = !is_clean && close != nullptr && state_ == SessionState::kOpen &&
                              client->has_close_codes() &&
                              websocket::IsApplicationCloseCode(*close->code);
  const bool is_reset = !is_clean && !is_application;

  if (!is_reset && relay_.to_client().is_relaying() && relay_.legs().ClientTakesPayload()) {
    OnClientOutput(client->EndMessages());
  }
  const std::string detail = is_clean ? "" : DetailOf(input, *backend);
  if (!is_clean && state_ == SessionState::kOpen) ending().detail = detail;
  if (close != nullptr) backend->RequestClose(close->code, {});
  if (input.status == InputStatus::kFault) {
    backend->RequestClose(base::InfoOf(input.fault.cause).close_code, {});
  }
  const bool client_continues = peers_.has_half_close && !has_left &&
                                state_ == SessionState::kOpen && relay_.to_backend().is_relaying();
  if (client_continues) {
    client->RequestEnd();
  } else {
    if (is_reset) AmendCause(base::Cause::kBackendReset, detail);
    StartClose(is_reset ? base::Cause::kBackendReset : base::Cause::kBackendClosed,
               is_application ? close : nullptr);
  }
  if (input.status == InputStatus::kLost) {
    backend->Abandon();
  } else if (has_left) {
    backend->RefusePayload();
  }
  if (has_left) relay_.StopWaitingForBackend();
  relay_.to_client().Enter(input.status == InputStatus::kHalfClosed ? Direction::State::kHalfClosed
                           : backend->stream().has_ended()          ? Direction::State::kEnded
                                                           : Direction::State::kDiscarding);
}

void Session::OnBackendOutput(const leg::Output& output) {
  if (output.status == OutputStatus::kOk) return;
  relay_.StopWaitingForBackend();
  if (output.status == OutputStatus::kFault) {
    const std::string detail =
        "what was sent is not in the framing: " + std::string(output.fault.detail);
    if (state_ == SessionState::kOpen) ending().detail = detail;
    AmendCause(base::Cause::kProtocolError, detail);
    StartClose(base::Cause::kProtocolError);
    relay_.legs().backend->RequestClose(base::InfoOf(output.fault.cause).close_code, {});
    relay_.legs().backend->RefusePayload();
    return;
  }
  // Whether that was a reset or the backend had ended cleanly before: what it sent first must still
  // be read, and its end is reported there (OnBackendInput).
  if (relay_.to_client().is_relaying()) return;
  // After a half-close nothing is left to be read.
  AmendCause(base::Cause::kBackendReset, relay_.legs().backend->failure());
  StartClose(base::Cause::kBackendReset);
}

}  // namespace sluice::session
