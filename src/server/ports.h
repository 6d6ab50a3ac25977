// The sockets that listen: which of them a configuration takes over from the one before, and which
// are bound anew.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/types.h"
#include "sluice/net/listener.h"

namespace sluice::server {

/// What a worker is to accept on for one listener of a configuration.
struct PortPlan {
  std::optional<size_t> kept;  ///< the listener of the configuration before that goes on as it is
  std::optional<net::ListeningSocket> socket;  ///< else
};

/// Belongs to the main thread.
class Ports {
 public:
  struct Plan {
    std::vector<std::vector<PortPlan>> of_worker;  ///< by worker, then by listener
    std::vector<config::Endpoint> bound;           ///< by listener: the real addresses
  };

  /// How to go on from the listeners in use to `next`. A listener whose address is the same keeps
  /// its sockets, whatever else has changed about it, so that nobody is refused. Binds the others:
  /// the error says which could not be.
  base::Result<Plan, std::string> PlanFor(const std::vector<config::Listener>& next,
                                          size_t workers) const;

  /// `plan` is carried out: its listeners are now those in use.
  void Take(const std::vector<config::Listener>& listeners, const Plan& plan);

  /// The real address of each listener in use: with the port that the kernel chose for port 0.
  const std::vector<config::Endpoint>& bound() const { return bound_; }

 private:
  std::vector<config::Endpoint> configured_;
  std::vector<config::Endpoint> bound_;
};

}  // namespace sluice::server
