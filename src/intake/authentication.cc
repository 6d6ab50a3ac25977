#include "sluice/intake/authentication.h"

#include <utility>
#include <variant>

#include "sluice/auth/verdicts.h"

namespace sluice::intake {

using auth::Verdict;
using VerdictKind = auth::Verdict::Kind;

Authentication::Authentication(net::EventLoop& loop, Authenticator& authenticator,
                               auth::CredentialCount& credentials, const auth::Request& request,
                               const std::vector<const auth::Method*>& methods, Callback callback)
    : loop_(loop),
      authenticator_(authenticator),
      credentials_(credentials),
      request_(request),
      methods_(methods),
      callback_(std::move(callback)) {}

Authentication::~Authentication() = default;

void Authentication::Continue() {
  while (next_ < methods_.size()) {
    const auth::Method& method = *methods_[next_++];
    auto [answer, credential] = method.Check(request_);
    if (const auto* const heavy = std::get_if<auth::HeavyCheck>(&answer)) {
      RunHeavy(method, credential, *heavy);
      return;
    }
    if (const auto* const lookup = std::get_if<auth::Lookup>(&answer)) {
      LookUp(method, credential, *lookup);
      return;
    }
    Take(method, credential, std::get<Verdict>(std::move(answer)));
  }
  callback_(total_);
}

/// Ends with the method that accepts.
void Authentication::Take(const auth::Method& method, const Credential& credential,
                          Verdict verdict) {
  if (credential) credentials_.End(*credential, verdict.kind, request_.now);
  if (verdict.kind == VerdictKind::kAccepted) next_ = methods_.size();
  auth::AddVerdict(total_, method, std::move(verdict));
}

void Authentication::Resume(const auth::Method& method, const Credential& credential,
                            Verdict verdict) {
  Take(method, credential, std::move(verdict));
  Continue();
}

void Authentication::RunHeavy(const auth::Method& method, const Credential& credential,
                              const auth::HeavyCheck& check) {
  if (credential) credentials_.Begin(*credential, request_.now);
  const bool is_taken = authenticator_.password_hashing.Run(
      [this, &method, credential, run = check.run, &loop = loop_, alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;  // Nobody waits for it any more.
        loop.Post([this, &method, credential, alive, verdict = run()] {
          if (!alive.expired()) Resume(method, credential, verdict);
        });
      });
  if (!is_taken) {
    Resume(method, credential, Verdict::Unavailable("too many passwords wait to be checked"));
  }
}

void Authentication::LookUp(const auth::Method& method, const Credential& credential,
                            const auth::Lookup& lookup) {
  if (credential) credentials_.Begin(*credential, request_.now);
  const auto answered = [this, &method, credential, take = lookup.take,
                         alive = std::weak_ptr(alive_)](const redis::Client::Answer& answer) {
    if (alive.expired()) return;
    Resume(method, credential,
           answer ? take(*answer) : Verdict::Unavailable("Redis: " + answer.error()));
  };
  authenticator_.stores.at(&method)->Get(lookup.key, answered);
}

}  // namespace sluice::intake
