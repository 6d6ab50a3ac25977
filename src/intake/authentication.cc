#include "sluice/intake/authentication.h"

#include <utility>
#include <variant>

#include "sluice/auth/verdicts.h"

namespace sluice::intake {

using auth::Verdict;
using VerdictKind = auth::Verdict::Kind;

Authentication::Authentication(net::EventLoop& loop, Authenticator& authenticator,
                               auth::CredentialCount& credentials, const auth::Attempt& attempt,
                               const std::vector<const auth::Method*>& methods, Callback callback)
    : loop_(loop),
      authenticator_(authenticator),
      credentials_(credentials),
      attempt_(attempt),
      methods_(methods),
      callback_(std::move(callback)) {}

Authentication::~Authentication() = default;

void Authentication::Continue() {
  while (next_ < methods_.size()) {
    const auth::Method& method = *methods_[next_++];
    auto [answer, credential] = method.Check(attempt_);
    if (const auto* const heavy = std::get_if<auth::HeavyCheck>(&answer)) {
      RunHeavy(method, credential, *heavy);
      return;
    }
    if (const auto* const lookup = std::get_if<auth::Lookup>(&answer)) {
      LookUp(method, credential, *lookup);
      return;
    }
    AddVerdict(method, credential, std::get<Verdict>(std::move(answer)));
  }
  callback_(total_);
}

/// Adds the verdict of a method. After a method that accepts, no other method is asked.
void Authentication::AddVerdict(const auth::Method& method, const Credential& credential,
                                Verdict verdict) {
  if (credential) credentials_.End(*credential, verdict.kind, attempt_.now);
  if (verdict.kind == VerdictKind::kAccepted) next_ = methods_.size();
  auth::AddVerdict(total_, method, std::move(verdict));
}

void Authentication::Resume(const auth::Method& method, const Credential& credential,
                            Verdict verdict) {
  AddVerdict(method, credential, std::move(verdict));
  Continue();
}

void Authentication::RunHeavy(const auth::Method& method, const Credential& credential,
                              const auth::HeavyCheck& check) {
  if (credential) credentials_.Begin(*credential, attempt_.now);
  const bool is_queued = authenticator_.password_hashing.Run(
      [this, &method, credential, run = check.run, &loop = loop_, alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;  // The check was cancelled.
        loop.Post([this, &method, credential, alive, verdict = run()] {
          if (!alive.expired()) Resume(method, credential, verdict);
        });
      });
  if (!is_queued) {
    Resume(method, credential, Verdict::Unavailable("too many passwords wait to be checked"));
  }
}

void Authentication::LookUp(const auth::Method& method, const Credential& credential,
                            const auth::Lookup& lookup) {
  if (credential) credentials_.Begin(*credential, attempt_.now);
  const auto answered = [this, &method, credential, judge = lookup.judge,
                         alive = std::weak_ptr(alive_)](const redis::Client::Answer& answer) {
    if (alive.expired()) return;
    Resume(method, credential,
           answer ? judge(*answer) : Verdict::Unavailable("Redis: " + answer.error()));
  };
  authenticator_.stores.at(&method)->Get(lookup.key, answered);
}

}  // namespace sluice::intake
