// All that is asked of those who come, for all routes: made once and shared by the workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/auth/method.h"
#include "sluice/auth/throttle.h"
#include "sluice/auth/tickets.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/config.h"

namespace sluice::auth {

class Guard {
 public:
  /// Routes that say the same share one method. The tickets that are out, and the counts of
  /// failures if their limits are the same, are those of `previous`, unless that is null.
  explicit Guard(const settings::Config& config, const Guard* previous = nullptr);

  struct Entry {
    settings::AuthMethod config;
    std::unique_ptr<Method> method;
  };

  /// All of them, in the order of the file.
  const std::vector<Entry>& methods() const { return entries_; }
  /// Those of a route; none if it lets everybody in.
  const std::vector<const Method*>& MethodsOf(size_t route) const { return by_route_[route]; }

  Tickets& tickets() const { return *tickets_; }
  Throttle& throttle() const { return *throttle_; }

 private:
  const Method* MethodFor(const settings::AuthMethod& method);

  const std::shared_ptr<Tickets> tickets_;
  const std::shared_ptr<Throttle> throttle_;
  std::vector<Entry> entries_;
  std::vector<std::vector<const Method*>> by_route_;
};

}  // namespace sluice::auth
