// A request whose client has to say who it is.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "sluice/auth/verdicts.h"
#include "sluice/relay/client_request.h"

namespace sluice::relay {
namespace {

using VerdictKind = auth::Verdict::Kind;
using metrics::AuthResult;

// What a client is told of a refusal: the log alone says what was wrong, so that nobody learns
// from it how to do better.
constexpr const char* kUnknown = "authentication required: no valid credentials";

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
  if (RefuseIfThrottled()) return;
  state_ = State::kAuthenticating;
  authentication_ = std::make_unique<Authentication>(
      context_.loop, *generation_->auth, *credentials_, AuthRequest(),
      generation_->auth->guard->MethodsOf(*route_),
      [this](const auth::Verdict& verdict) { OnVerdict(verdict); });
  authentication_->Start();
}

auth::Request ClientRequest::AuthRequest() {
  return {parser_.head(),      route(),       address_.ip(),
          ClientCertificate(), WallTimeNow(), net::EventLoop::Now()};
}

/// Refuses a client that has failed too often before this request: called first, before any route
/// checks its credentials.
bool ClientRequest::RefuseIfThrottled() {
  if (credentials_) return false;
  const auto ip = address_.ip();
  auth::Throttle& throttle = generation_->auth->guard->throttle();
  const auto wait = ip ? throttle.Wait(*ip, net::EventLoop::Now()) : std::nullopt;
  if (!wait) {
    credentials_ = std::make_unique<auth::CredentialCount>(throttle, ip);
    return false;
  }
  Refuse({base::Cause::kTooManyFailures,
          "too many failures from this address; try again later",
          {{"Retry-After", WholeSeconds(*wait)}}});
  return true;
}

void ClientRequest::CountVerdict(const auth::Verdict& verdict) {
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
    Refuse({base::Cause::kAuthUnavailable, "credentials cannot be checked now"},
           {.detail = verdict.detail, .user = verdict.user});
    return;
  }
  http::Refusal refusal{base::Cause::kUnauthorized, kUnknown};
  for (const auto* const method : generation_->auth->guard->MethodsOf(*route_)) {
    const http::Header challenge{"WWW-Authenticate", method->Challenge()};
    auto& headers = refusal.headers;
    const bool is_new = std::find(headers.begin(), headers.end(), challenge) == headers.end();
    if (is_new && !challenge.value.empty()) headers.push_back(challenge);
  }
  Refuse(refusal,
         {.detail = auth::DescribeRefusal(verdict, generation_->auth->guard->MethodsOf(*route_)),
          .user = verdict.user});
}

void ClientRequest::OnAuthTimeout() {
  authentication_.reset();
  const auto result = static_cast<size_t>(AuthResult::kUnavailable);
  generation_->metrics.routes[*route_].authentications[result].Add();
  Refuse({base::Cause::kAuthUnavailable, "credentials cannot be checked now"},
         {.detail = "timeouts.handshake was over before they were"});
}

/// That of the TLS handshake, if the client sent one.
std::optional<auth::ClientCertificate> ClientRequest::ClientCertificate() const {
  const net::TlsState* const tls = client_->tls();
  if (tls == nullptr || !tls->peer_certificate) return std::nullopt;
  const auto& peer = *tls->peer_certificate;
  auth::ClientCertificate certificate;
  const auto add = [&certificate](std::string_view type, const std::string& name) {
    certificate.names.push_back(std::string(type) + name);
  };
  for (const auto& name : peer.dns_names) add("dns:", name);
  for (const auto& email : peer.emails) add("email:", email);
  for (const auto& uri : peer.uris) add("uri:", uri);
  if (!peer.has_alternative_names && !peer.common_name.empty()) add("cn:", peer.common_name);
  return certificate;
}

}  // namespace sluice::relay
