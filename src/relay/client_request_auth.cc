// A request whose client has to say who it is.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "sluice/relay/client_request.h"

namespace sluice::relay {
namespace {

using VerdictKind = auth::Verdict::Kind;
using metrics::AuthResult;

// What a client is told of a refusal: the log alone says what was wrong, so that nobody learns
// from it how to do better.
constexpr const char* kUnknown = "this path needs credentials, and there are no good ones";

auth::WallTime WallTimeNow() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string WholeSeconds(base::Duration time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

AuthResult ResultOf(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kAbsent:
      return AuthResult::kAbsent;
    case VerdictKind::kRefused:
      return AuthResult::kRefused;
    case VerdictKind::kUnavailable:
      return AuthResult::kUnavailable;
    case VerdictKind::kAccepted:
      return AuthResult::kAccepted;
  }
  return AuthResult::kRefused;
}

}  // namespace

void ClientRequest::Authenticate() {
  const bool is_open = !generation_->auth || generation_->auth->guard->MethodsOf(*route_).empty();
  if (is_open) {
    StartDial();
    return;
  }
  if (!has_failed_ && IsThrottled()) return;
  state_ = State::kAuthenticating;
  authentication_ = std::make_unique<Authentication>(
      context_.loop, *generation_->auth, AuthRequest(),
      generation_->auth->guard->MethodsOf(*route_),
      [this](const auth::Verdict& verdict) { OnVerdict(verdict); });
  authentication_->Start();
}

auth::Request ClientRequest::AuthRequest() {
  return {parser_.head(),      route(),       address_.ip(),
          ClientCertificate(), WallTimeNow(), net::EventLoop::Now()};
}

/// Refuses who has failed too often.
bool ClientRequest::IsThrottled() {
  const auto ip = address_.ip();
  if (!ip) return false;
  const auto wait = generation_->auth->guard->throttle().Wait(*ip, net::EventLoop::Now());
  if (!wait) return false;
  Refuse({base::Cause::kTooManyFailures,
          "too many failures from this address; try again later",
          {{"Retry-After", WholeSeconds(*wait)}}});
  return true;
}

/// Has been counted for one route; of all that a request has asked, it counts once, and not at all
/// if one has accepted.
void ClientRequest::CountVerdict(const auth::Verdict& verdict) {
  // A request counts as one failure at most, and as none if any route has accepted it.
  const bool is_refused = verdict.kind == VerdictKind::kRefused;
  const bool is_accepted = verdict.kind == VerdictKind::kAccepted;
  const bool is_one_too_many =
      (is_refused && (has_failed_ || was_accepted_)) || (is_accepted && has_failed_);
  if (is_one_too_many && address_.ip()) {
    generation_->auth->guard->throttle().TakeBack(*address_.ip());
  }
  was_accepted_ = was_accepted_ || is_accepted;
  has_failed_ = !was_accepted_ && (has_failed_ || is_refused);
  generation_->metrics.routes[*route_]
      .authentications[static_cast<size_t>(ResultOf(verdict.kind))]
      .Add();
}

void ClientRequest::OnVerdict(const auth::Verdict& verdict) {
  const auth::Verdict kept = verdict;
  // It is still on the stack.
  context_.loop.DestroyLater(std::move(authentication_));
  CountVerdict(kept);
  if (kept.kind != VerdictKind::kAccepted) {
    RefuseUnknown(kept);
    return;
  }
  identity_ = kept.identity;
  StartDial();
}

void ClientRequest::RefuseUnknown(const auth::Verdict& verdict) {
  if (verdict.kind == VerdictKind::kUnavailable) {
    Refuse({base::Cause::kAuthUnavailable, "credentials cannot be checked now"}, verdict.detail);
    return;
  }
  http::Refusal refusal{base::Cause::kUnauthorized, kUnknown};
  for (const auto* const method : generation_->auth->guard->MethodsOf(*route_)) {
    const http::Header challenge{"WWW-Authenticate", method->Challenge()};
    auto& headers = refusal.headers;
    const bool is_new = std::find(headers.begin(), headers.end(), challenge) == headers.end();
    if (is_new && !challenge.value.empty()) headers.push_back(challenge);
  }
  Refuse(refusal, verdict.detail);
}

void ClientRequest::OnAuthTimeout() {
  authentication_.reset();
  const auto result = static_cast<size_t>(AuthResult::kUnavailable);
  generation_->metrics.routes[*route_].authentications[result].Add();
  Refuse({base::Cause::kAuthUnavailable, "credentials cannot be checked now"},
         "timeouts.handshake was over before they were");
}

/// That of the TLS handshake, if the client sent one.
std::optional<auth::ClientCertificate> ClientRequest::ClientCertificate() const {
  const net::TlsState* const tls = client_->tls();
  if (tls == nullptr || !tls->peer_certificate) return std::nullopt;
  const auto& peer = *tls->peer_certificate;
  auth::ClientCertificate certificate{peer.common_name, peer.dns_names};
  auto& names = certificate.names;
  names.insert(names.end(), peer.emails.begin(), peer.emails.end());
  names.insert(names.end(), peer.uris.begin(), peer.uris.end());
  return certificate;
}

}  // namespace sluice::relay
