// The authentication methods of a configuration, and the tickets and failure counts that they
// share. All workers share one set.
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
  /// Routes with equal settings share one method. The tickets, and the failure counts if their
  /// limits are the same, come from `previous`, which may be null.
  explicit MethodSet(const settings::Config& config, const MethodSet* previous = nullptr);

  struct Entry {
    settings::AuthMethod config;
    std::unique_ptr<Method> method;
  };

  /// All methods, in the order of the file.
  const std::vector<Entry>& entries() const { return entries_; }
  /// Returns the methods of a route; empty if it needs no authentication.
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
