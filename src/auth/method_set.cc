#include "sluice/auth/method_set.h"

#include <algorithm>

namespace sluice::auth {

MethodSet::MethodSet(const settings::Config& config, const MethodSet* previous)
    : tickets_(previous != nullptr ? previous->tickets_ : std::make_shared<Tickets>()),
      failure_limiter_(previous != nullptr &&
                               previous->failure_limiter_->limits() == config.auth_failures
                           ? previous->failure_limiter_
                           : std::make_shared<FailureLimiter>(config.auth_failures)) {
  for (const auto& route : config.routes) {
    auto& methods = by_route_.emplace_back();
    if (route.is_console) continue;
    for (const auto& method : route.options.auth) methods.push_back(MethodFor(method));
  }
}

const Method* MethodSet::MethodFor(const settings::AuthMethod& method) {
  const auto same = std::find_if(entries_.begin(), entries_.end(),
                                 [&method](const Entry& entry) { return entry.config == method; });
  if (same != entries_.end()) return same->method.get();
  entries_.push_back({method, MakeMethod(method, *tickets_)});
  return entries_.back().method.get();
}

}  // namespace sluice::auth
