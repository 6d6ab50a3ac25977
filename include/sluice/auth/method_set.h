// The methods of authentication of a configuration, with the tickets and the failures that they
// share. One for all workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/auth/failure_limiter.h"
#include "sluice/auth/method.h"
#include "sluice/auth/tickets.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/config.h"

namespace sluice::auth {

class MethodSet {
 public:
  /// Routes with equal settings share one method. The tickets, and the failures if their limits are
  /// the same, are those of `previous`, unless that is null.
  explicit MethodSet(const settings::Config& config, const MethodSet* previous = nullptr);

  struct Entry {
    settings::AuthMethod config;
    std::unique_ptr<Method> method;
  };

  /// All methods, in the order of the file.
  const std::vector<Entry>& entries() const { return entries_; }
  /// The methods of a route; none if it needs no authentication.
  const std::vector<const Method*>& MethodsOf(size_t route) const { return by_route_[route]; }

  Tickets& tickets() const { return *tickets_; }
  FailureLimiter& failure_limiter() const { return *failure_limiter_; }

 private:
  const Method* MethodFor(const settings::AuthMethod& method);

  const std::shared_ptr<Tickets> tickets_;
  const std::shared_ptr<FailureLimiter> failure_limiter_;
  std::vector<Entry> entries_;
  std::vector<std::vector<const Method*>> by_route_;
};

}  // namespace sluice::auth
