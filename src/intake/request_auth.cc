// Authentication of a request, and the choice of a route by the claims of its token.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "sluice/auth/credentials.h"
#include "sluice/auth/verdicts.h"
#include "sluice/intake/request.h"

#include "intake/refusals.h"

namespace sluice::intake {
namespace {

using auth::Verdict;
using metrics::AuthResult;
using settings::TokenSource;
using VerdictKind = Verdict::Kind;

// Only the log contains what is wrong with credentials: the answer must not help an attacker.
constexpr const char* kUnauthorized = "authentication required: no valid credentials";
constexpr const char* kUnavailable = "credentials cannot be checked now";

auth::WallTime WallTimeNow() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
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

/// Returns true if the pattern of the route decides which part of the request is the token.
bool HasOwnToken(const settings::Route& route) {
  return auth::ReadsTokenFrom(route, TokenSource::Kind::kPath) ||
         auth::ReadsTokenFrom(route, TokenSource::Kind::kHost);
}

std::vector<http::Header> Challenges(const std::vector<const auth::Method*>& methods) {
  std::vector<http::Header> headers;
  for (const auto* const method : methods) {
    const http::Header challenge{"WWW-Authenticate", method->Challenge()};
    const bool is_new = std::find(headers.begin(), headers.end(), challenge) == headers.end();
    if (is_new && !challenge.value.empty()) headers.push_back(challenge);
  }
  return headers;
}

}  // namespace

void Request::Authenticate() {
  if (!generation_->auth || generation_->auth->methods->MethodsOf(*route_).empty()) {
    Admit();
    return;
  }
  if (RefuseIfThrottled()) return;
  Enter(RequestEvent::kCredentialsNeeded);
  timer_.Start(std::max(deadline_ - net::EventLoop::Now(), base::Duration(1)));
  authentication_ = std::make_unique<Authentication>(
      context_.workspace.loop, *generation_->auth, *credentials_, AuthAttempt(),
      generation_->auth->methods->MethodsOf(*route_), [this](const Verdict& verdict) {
        if (state_ == RequestState::kAuthenticating) OnVerdict(verdict);
      });
  authentication_->Start();
}

auth::Attempt Request::AuthAttempt() const {
  return {head(),
          route(),
          client_.address.ip(),
          CertificateOf(responder_.stream()),
          WallTimeNow(),
          net::EventLoop::Now()};
}

/// Refuses a client whose credentials were refused too often before this request. To be called
/// before any route checks the request's credentials.
bool Request::RefuseIfThrottled() {
  if (credentials_) return false;
  const auto ip = client_.address.ip();
  auth::FailureLimiter& limiter = generation_->auth->methods->failure_limiter();
  const auto wait = ip ? limiter.Wait(*ip, net::EventLoop::Now()) : std::nullopt;
  if (!wait) {
    credentials_ = std::make_unique<auth::CredentialCount>(limiter, ip);
    return false;
  }
  Refuse({base::Cause::kTooManyFailures,
          "too many failures from this address; try again later",
          {RetryAfter(*wait)}});
  return true;
}

void Request::CountVerdict(VerdictKind kind) {
  generation_->metrics.routes[*route_].authentications[static_cast<size_t>(ResultOf(kind))].Add();
}

void Request::OnVerdict(const Verdict& verdict) {
  const Verdict kept = verdict;  // The authentication ends with its state.
  CountVerdict(kept.kind);
  if (kept.kind != VerdictKind::kAccepted) {
    RefuseUnauthorized(kept);
    return;
  }
  identity_ = kept.identity;
  Admit();
}

void Request::RefuseUnauthorized(const Verdict& verdict) {
  if (verdict.kind == VerdictKind::kUnavailable) {
    Refuse({base::Cause::kAuthUnavailable, kUnavailable},
           {.detail = verdict.detail, .user = verdict.user});
    return;
  }
  const auto& methods = generation_->auth->methods->MethodsOf(*route_);
  Refuse({base::Cause::kUnauthorized, kUnauthorized, Challenges(methods)},
         {.detail = auth::DescribeRefusal(verdict, methods), .user = verdict.user});
}

/// Refuses the request: timeouts.handshake has passed before the credentials were checked.
void Request::OnTimer() {
  CountVerdict(VerdictKind::kUnavailable);
  Refuse({base::Cause::kAuthUnavailable, kUnavailable},
         {.detail = "timeouts.handshake was over before they were"});
}

// ---- Routes with claims ----

/// Chooses among routes with claims. The claims are known only after the route's own `auth` has
/// verified the token, so a route may turn out not to match; then the search continues after it.
/// Returns false if a route without claims comes first: `route_` is that route. Otherwise the
/// request is admitted or refused.
bool Request::ChooseByClaims(const routing::RequestFacts& facts) {
  struct Unfit {
    size_t route;
    http::Refusal refusal;
  };
  std::optional<Unfit> unfit;          // The first route whose upgrade check fails.
  std::optional<size_t> unauthorized;  // The first route that does not accept the credentials.
  Verdict refused;                     // Its verdict.
  bool is_authenticated = false;       // By any route.
  const std::vector<const auth::Method*>* asked = nullptr;
  Verdict verdict;  // Of `asked`.
  for (; route_; route_ = generation_->router.Find(facts, *route_ + 1)) {
    if (route().match.claims.empty()) return false;
    if (auto refusal = CheckUpgrade()) {
      if (!unfit) unfit = {*route_, *std::move(refusal)};
      continue;
    }
    const auto& methods = generation_->auth->methods->MethodsOf(*route_);
    // A signature takes time to verify, and many routes have the same `auth`.
    if (asked == nullptr || *asked != methods || HasOwnToken(route())) {
      if (asked == nullptr && RefuseIfThrottled()) return true;
      verdict = VerifyToken();
      asked = &methods;
    }
    if (verdict.kind != VerdictKind::kAccepted) {
      if (!unauthorized) {
        unauthorized = *route_;
        refused = verdict;
      }
      continue;
    }
    is_authenticated = true;
    const auto claims = [&identity = *verdict.identity](std::string_view name) {
      return identity.ValuesOf(std::string(name));
    };
    if (routing::FindMissingClaim(route().match, claims)) continue;
    identity_ = verdict.identity;
    Admit();
    return true;
  }
  if (is_authenticated) {
    Refuse({base::Cause::kNoRoute, "no route matches this request"},
           {.detail = "the token has none of the claims that routes for this request ask for"});
  } else if (unauthorized) {
    route_ = unauthorized;
    RefuseUnauthorized(refused);
  } else {
    route_ = unfit->route;
    Refuse(unfit->refusal);
  }
  return true;
}

/// Returns the verdict of the route. All its methods are `jwt`, which answer at once.
Verdict Request::VerifyToken() {
  Verdict verdict;
  Authentication authentication(context_.workspace.loop, *generation_->auth, *credentials_,
                                AuthAttempt(), generation_->auth->methods->MethodsOf(*route_),
                                [&verdict](const Verdict& given) { verdict = given; });
  authentication.Start();
  CountVerdict(verdict.kind);
  return verdict;
}

}  // namespace sluice::intake
