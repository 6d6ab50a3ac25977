#include "sluice/intake/credential_checks.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sluice/auth/verdicts.h"

#include "intake/refusals.h"

namespace sluice::intake {
namespace {

using metrics::AuthResult;

// Only the log contains what is wrong with credentials: the answer must not help an attacker.
constexpr const char* kUnauthorized = "authentication required: no valid credentials";
constexpr const char* kUnavailable = "credentials cannot be checked now";

auth::WallTime WallTimeNow() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

AuthResult ResultOf(auth::Verdict::Kind kind) {
  switch (kind) {
    case auth::Verdict::Kind::kAbsent:
      return AuthResult::kAbsent;
    case auth::Verdict::Kind::kRefused:
      return AuthResult::kRefused;
    case auth::Verdict::Kind::kUnavailable:
      return AuthResult::kUnavailable;
    case auth::Verdict::Kind::kAccepted:
      return AuthResult::kAccepted;
  }
  return AuthResult::kRefused;
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

CredentialChecks::CredentialChecks(net::EventLoop& loop, Generation& generation,
                                   const Client& client, const http::RequestHead& head,
                                   const net::Stream& stream)
    : loop_(loop), generation_(generation), client_(client), head_(head), stream_(stream) {}

CredentialChecks::~CredentialChecks() = default;

const std::vector<const auth::Method*>& CredentialChecks::MethodsOf(size_t route) const {
  return generation_.auth->methods->MethodsOf(route);
}

auth::Attempt CredentialChecks::AttemptAt(size_t route) const {
  return {head_,
          generation_.config.routes[route],
          client_.address.ip(),
          CertificateOf(stream_),
          WallTimeNow(),
          net::EventLoop::Now()};
}

bool CredentialChecks::AreNeeded(size_t route) const {
  return generation_.auth && !MethodsOf(route).empty();
}

std::optional<http::Refusal> CredentialChecks::Begin() {
  if (count_) return std::nullopt;
  const auto ip = client_.address.ip();
  auth::FailureLimiter& limiter = generation_.auth->methods->failure_limiter();
  const auto wait = ip ? limiter.Wait(*ip, net::EventLoop::Now()) : std::nullopt;
  if (wait) {
    return http::Refusal{base::Cause::kTooManyFailures,
                         "too many failures from this address; try again later",
                         {RetryAfter(*wait)}};
  }
  count_ = std::make_unique<auth::CredentialCount>(limiter, ip);
  return std::nullopt;
}

void CredentialChecks::Start(size_t route, Authentication::Callback callback) {
  authentication_ = std::make_unique<Authentication>(
      loop_, *generation_.auth, *count_, AttemptAt(route), MethodsOf(route), std::move(callback));
  authentication_->Start();
}

void CredentialChecks::Cancel() {
  loop_.DestroyLater(std::move(authentication_));  // It may be on the stack.
}

auth::Verdict CredentialChecks::VerifyToken(size_t route) {
  auth::Verdict verdict;
  Authentication authentication(loop_, *generation_.auth, *count_, AttemptAt(route),
                                MethodsOf(route),
                                [&verdict](const auth::Verdict& given) { verdict = given; });
  authentication.Start();
  CountVerdict(route, verdict.kind);
  return verdict;
}

void CredentialChecks::CountVerdict(size_t route, auth::Verdict::Kind kind) {
  generation_.metrics.routes[route].authentications[static_cast<size_t>(ResultOf(kind))].Add();
}

NotedRefusal CredentialChecks::RefusalOf(size_t route, const auth::Verdict& verdict) const {
  if (verdict.kind == auth::Verdict::Kind::kUnavailable) {
    return {{base::Cause::kAuthUnavailable, kUnavailable},
            {.detail = verdict.detail, .user = verdict.user}};
  }
  const auto& methods = MethodsOf(route);
  return {{base::Cause::kUnauthorized, kUnauthorized, Challenges(methods)},
          {.detail = auth::DescribeRefusal(verdict, methods), .user = verdict.user}};
}

}  // namespace sluice::intake
