#include "sluice/auth/guard.h"

#include <algorithm>

namespace sluice::auth {

Guard::Guard(const settings::Config& config, const Guard* previous)
    : tickets_(previous != nullptr ? previous->tickets_ : std::make_shared<Tickets>()),
      throttle_(previous != nullptr && previous->throttle_->limits() == config.auth_failures
                    ? previous->throttle_
                    : std::make_shared<Throttle>(config.auth_failures)) {
  for (const auto& route : config.routes) {
    auto& methods = by_route_.emplace_back();
    if (route.is_console) continue;
    for (const auto& method : route.options.auth) methods.push_back(MethodFor(method));
  }
}

const Method* Guard::MethodFor(const settings::AuthMethod& method) {
  const auto same = std::find_if(entries_.begin(), entries_.end(),
                                 [&method](const Entry& entry) { return entry.config == method; });
  if (same != entries_.end()) return same->method.get();
  entries_.push_back({method, MakeMethod(method, *tickets_)});
  return entries_.back().method.get();
}

}  // namespace sluice::auth
