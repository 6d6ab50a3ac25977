#include "sluice/relay/authentication.h"

#include <utility>
#include <variant>

namespace sluice::relay {

using auth::Verdict;
using VerdictKind = auth::Verdict::Kind;

Authentication::Authentication(net::EventLoop& loop, AuthDesk& desk, const auth::Request& request,
                               const std::vector<const auth::Method*>& methods, Callback callback)
    : loop_(loop),
      desk_(desk),
      request_(request),
      methods_(methods),
      callback_(std::move(callback)) {}

Authentication::~Authentication() = default;

void Authentication::Continue() {
  while (next_ < methods_.size()) {
    const auth::Method& method = *methods_[next_++];
    auth::Answer answer = method.Check(request_);
    if (const auto* const heavy = std::get_if<auth::HeavyCheck>(&answer)) {
      RunHeavy(method, *heavy);
      return;
    }
    if (const auto* const lookup = std::get_if<auth::Lookup>(&answer)) {
      LookUp(method, *lookup);
      return;
    }
    Take(method, std::get<Verdict>(std::move(answer)));
  }
  End();
}

/// Ends with the method that accepts; of the other verdicts keeps what says most.
void Authentication::Take(const auth::Method& method, Verdict verdict) {
  if (verdict.kind == VerdictKind::kAccepted) {
    worst_ = std::move(verdict);
    next_ = methods_.size();
    return;
  }
  if (verdict.kind == VerdictKind::kAbsent) return;
  if (verdict.kind == VerdictKind::kRefused) was_refused_ = true;
  std::string detail = std::string(method.name()) + ": " + verdict.detail;
  if (!worst_.detail.empty()) detail = worst_.detail + "; " + detail;
  const bool is_unavailable =
      worst_.kind == VerdictKind::kUnavailable || verdict.kind == VerdictKind::kUnavailable;
  worst_ = {is_unavailable ? VerdictKind::kUnavailable : VerdictKind::kRefused, std::move(detail)};
}

void Authentication::Wait(const auth::Method& method, Verdict verdict) {
  Take(method, std::move(verdict));
  Continue();
}

void Authentication::RunHeavy(const auth::Method& method, const auth::HeavyCheck& check) {
  CountTry();
  const bool is_taken = desk_.pool.Run(
      [this, &method, run = check.run, &loop = loop_, alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;  // Nobody waits for it any more.
        loop.Post([this, &method, alive, verdict = run()] {
          if (!alive.expired()) Wait(method, verdict);
        });
      });
  if (!is_taken) Wait(method, Verdict::Unavailable("too many passwords wait to be checked"));
}

void Authentication::LookUp(const auth::Method& method, const auth::Lookup& lookup) {
  CountTry();
  const auto answered = [this, &method, take = lookup.take,
                         alive = std::weak_ptr(alive_)](const net::RedisClient::Answer& answer) {
    if (alive.expired()) return;
    Wait(method, answer ? take(*answer) : Verdict::Unavailable("Redis: " + answer.error()));
  };
  desk_.stores.at(&method)->Get(lookup.key, answered);
}

void Authentication::CountTry() {
  if (is_counted_ || !request_.address) return;
  is_counted_ = true;
  desk_.guard->throttle().Count(*request_.address, request_.now);
}

void Authentication::End() {
  // A guess is one, whatever kept another method from being asked.
  const bool is_failure = was_refused_ && worst_.kind != VerdictKind::kAccepted;
  if (is_failure) CountTry();
  if (!is_failure && is_counted_) desk_.guard->throttle().TakeBack(*request_.address);
  is_counted_ = false;
  callback_(worst_);
}

}  // namespace sluice::relay
