// All that is asked of those who come, for all routes: made once and shared by the workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/auth/method.h"
#include "sluice/auth/throttle.h"
#include "sluice/auth/tickets.h"
#include "sluice/config/types.h"

namespace sluice::auth {

class Guard {
 public:
  /// Routes that say the same share one method.
  explicit Guard(const config::Config& config);

  struct Entry {
    config::AuthMethod config;
    std::unique_ptr<Method> method;
  };

  /// All of them, in the order of the file.
  const std::vector<Entry>& methods() const { return entries_; }
  /// Those of a route; none if it lets everybody in.
  const std::vector<const Method*>& MethodsOf(size_t route) const { return by_route_[route]; }

  Tickets& tickets() { return tickets_; }
  Throttle& throttle() { return throttle_; }

 private:
  const Method* MethodFor(const config::AuthMethod& method);

  Tickets tickets_;
  Throttle throttle_;
  std::vector<Entry> entries_;
  std::vector<std::vector<const Method*>> by_route_;
};

}  // namespace sluice::auth
