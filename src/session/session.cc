#include "sluice/session/session.h"

#include <utility>

#include "sluice/net/tls_state.h"
#include "sluice/websocket/close_code.h"

#include "session/rate_limit.h"

namespace sluice::session {

using InputStatus = leg::Input::Status;
using OutputStatus = leg::Output::Status;

namespace {

std::unique_ptr<RateLimit> LimitOf(net::EventLoop& loop, uint64_t bytes_per_second,
                                   std::function<void()> on_room) {
  if (bytes_per_second == 0) return nullptr;
  return std::make_unique<RateLimit>(loop, bytes_per_second, std::move(on_room));
}

}  // namespace

Session::Session(workspace::Workspace& workspace, SessionOwner& owner, Parts parts)
    : workspace_(workspace),
      owner_(owner),
      route_(std::move(parts.route)),
      peers_(std::move(parts.peers)),
      quota_slot_(std::move(parts.quota_slot)),
      server_slot_(std::move(parts.server_slot)),
      legs_(std::move(parts.legs)),
      to_backend_(route_->metrics.in(metrics::Direction::kToBackend),
                  LimitOf(workspace.loop, options().bandwidth.to_backend,
                          [this] {
                            to_backend_.ResumeAfterWait();
                            Pump();
                          })),
      to_client_(route_->metrics.in(metrics::Direction::kToClient),
                 LimitOf(workspace.loop, options().bandwidth.to_client,
                         [this] {
                           to_client_.ResumeAfterWait();
                           Pump();
                         })),
      timer_(workspace.loop, *this),
      lifetime_(net::EventLoop::Now()) {
  const base::TimePoint now = lifetime_.started();
  if (options().max_age.count() != 0) {
    lifetime_.EndBy(now + options().max_age, base::Cause::kMaxAge);
  }
  if (peers_.identity && peers_.identity->expires) {
    lifetime_.EndBy(*peers_.identity->expires, now, base::Cause::kTokenExpired);
  }
  const net::TlsState* const tls = legs_.client->stream().tls();
  if (tls != nullptr && tls->peer_certificate && tls->peer_certificate->expires) {
    const std::chrono::seconds expires(*tls->peer_certificate->expires);
    lifetime_.EndBy(std::chrono::sys_seconds(expires), now, base::Cause::kCertificateExpired);
  }
  legs_.SetHandler(*this);
  route_->metrics.sessions_opened.Add();
  route_->metrics.sessions_active.Add();
}

Session::~Session() = default;

void Session::Start(std::optional<base::Cause> cause) {
  if (!legs_.backend) to_client_.Enter(Direction::State::kEnded);
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
  lifetime_.EndBy(time, cause);
  RestartTimer();
}

void Session::RunTask() {
  to_backend_.ResumeInNewTurn();
  to_client_.ResumeInNewTurn();
  Pump();
}

// ---- The pump ----

void Session::Pump() {
  if (state_ == SessionState::kClosed) return;
  Flush();
  RelayToBackend();
  RelayToClient();
  Flush();
  ReportQueued();
  FinishLegs();  // May end the session: nothing may follow.
}

void Session::Flush() {
  if (legs_.backend && to_backend_.CanFlush(*legs_.backend)) {
    OnBackendOutput(to_backend_.Flush(*legs_.backend));
  }
  if (legs_.client && to_client_.CanFlush(*legs_.client)) {
    OnClientOutput(to_client_.Flush(*legs_.client));
  }
}

void Session::RelayToBackend() {
  if (!legs_.client) return;
  const uint64_t before = to_backend_.bytes();
  size_t budget = kTurnBudget;
  while (to_backend_.CanRelay(*legs_.client)) {
    const Direction::Event event =
        to_backend_.Relay(workspace_, *legs_.client, legs_.backend.get(), budget);
    if (!event) break;
    OnBackendOutput(event.output);
    OnClientInput(event.input);
  }
  Continue(to_backend_, to_client_, before);
}

void Session::RelayToClient() {
  if (!legs_.backend) return;
  const uint64_t before = to_client_.bytes();
  // No message may follow our Close. What the backend sends then waits, and is discarded when the
  // closing handshake is over.
  size_t budget = kTurnBudget;
  while (to_client_.CanRelay(*legs_.backend) &&
         (state_ != SessionState::kCloseSent || !to_client_.is_relaying())) {
    const Direction::Event event =
        to_client_.Relay(workspace_, *legs_.backend, legs_.client.get(), budget);
    if (!event) break;
    OnClientOutput(event.output);
    OnBackendInput(event.input);
  }
  Continue(to_client_, to_backend_, before);
}

void Session::Continue(const Direction& direction, Direction& opposite, uint64_t bytes_before) {
  if (direction.bytes() != bytes_before) {
    lifetime_.OnPayload(net::EventLoop::Now());
    opposite.StopSplicing();
  }
  if (direction.has_used_up_turn()) workspace_.loop.RunNextTurn(*this);
}

void Session::ReportQueued() {
  const auto& [client, backend] = legs_;
  to_backend_.ReportQueued(workspace_, (backend ? backend->queued() + backend->held_output() : 0) +
                                           (client ? client->held_input() : 0));
  to_client_.ReportQueued(workspace_, (client ? client->queued() + client->held_output() : 0) +
                                          (backend ? backend->held_input() : 0));
}

// ---- What the client leg reports ----

void Session::OnClientInput(const leg::Input& input) {
  switch (input.status) {
    case InputStatus::kOk:
    case InputStatus::kWouldBlock:
      break;
    case InputStatus::kHalfClosed:
      to_backend_.Enter(Direction::State::kHalfClosed);
      if (to_client_.has_ended()) StartClose(base::Cause::kBackendClosed);
      break;
    case InputStatus::kEnd:
      OnClientEnd();
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

void Session::OnClientEnd() {
  to_backend_.Enter(Direction::State::kEnded);
  if (legs_.client->has_close_codes()) return;  // Its Close came before.
  // The client sends no more, but may still have much to receive.
  if (!ending().cause) ending().cause = base::Cause::kClientClosed;
  if (state_ != SessionState::kOpen) Apply(SessionEvent::kClientGone);
}

void Session::OnClientLost() {
  to_backend_.Enter(Direction::State::kEnded);
  legs_.client->Abandon();
  if (!ending().cause) ending().cause = base::Cause::kClientLost;
  Apply(SessionEvent::kClientGone);
}

void Session::OnClientClose() {
  const leg::PeerClose& close = *legs_.client->peer_close();
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
      to_backend_.state() == Direction::State::kEnded) {
    ending().cause = base::Cause::kClientLost;
    Apply(SessionEvent::kClientGone);
  }
}

// ---- What the backend leg reports ----

void Session::OnBackendInput(const leg::Input& input) {
  if (input.status == InputStatus::kOk || input.status == InputStatus::kWouldBlock) return;
  const auto& [client, backend] = legs_;
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

  if (!is_reset && to_client_.is_relaying() && legs_.ClientTakesPayload()) {
    OnClientOutput(client->EndMessages());
  }
  const std::string detail = is_clean ? "" : DetailOf(input, *backend);
  if (!is_clean && state_ == SessionState::kOpen) ending().detail = detail;
  if (close != nullptr) backend->RequestClose(close->code, {});
  if (input.status == InputStatus::kFault) {
    backend->RequestClose(base::InfoOf(input.fault.cause).close_code, {});
  }
  const bool client_continues = peers_.has_half_close && !has_left &&
                                state_ == SessionState::kOpen && to_backend_.is_relaying();
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
  if (has_left) StopWaitingForBackend();
  to_client_.Enter(input.status == InputStatus::kHalfClosed ? Direction::State::kHalfClosed
                   : backend->has_ended()                   ? Direction::State::kEnded
                                                            : Direction::State::kDiscarding);
}

/// The backend takes nothing more: the client, whose socket may have no other event, is read again.
void Session::StopWaitingForBackend() {
  if (!to_backend_.is_paused()) return;
  to_backend_.ResumeWithoutSink();
  workspace_.loop.RunNextTurn(*this);
}

void Session::OnBackendOutput(const leg::Output& output) {
  if (output.status == OutputStatus::kOk) return;
  StopWaitingForBackend();
  if (output.status == OutputStatus::kFault) {
    const std::string detail =
        "what was sent is not in the framing: " + std::string(output.fault.detail);
    if (state_ == SessionState::kOpen) ending().detail = detail;
    AmendCause(base::Cause::kProtocolError, detail);
    StartClose(base::Cause::kProtocolError);
    legs_.backend->RequestClose(base::InfoOf(output.fault.cause).close_code, {});
    legs_.backend->RefusePayload();
    return;
  }
  // Whether that was a reset or the backend had ended cleanly before: what it sent first must still
  // be read, and its end is reported there (OnBackendInput).
  if (to_client_.is_relaying()) return;
  // After a half-close nothing is left to be read.
  AmendCause(base::Cause::kBackendReset, legs_.backend->failure());
  StartClose(base::Cause::kBackendReset);
}

}  // namespace sluice::session
