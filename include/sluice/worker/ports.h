// The sockets that listen: which of them a configuration takes over from the one before, which from
// another process, and which are bound anew.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/net/listener.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"
#include "sluice/worker/sockets.h"

namespace sluice::worker {

/// What a worker is to accept on for one listener of a configuration.
struct PortPlan {
  /// The real one, with the port that the kernel chose for port 0: no two listeners share it.
  settings::Endpoint address = {};
  /// The listener of the configuration before that goes on as it is.
  std::optional<size_t> kept = std::nullopt;
  /// Else: one, or more if this process has fewer workers than the one that it takes over from.
  std::vector<net::ListeningSocket> sockets = {};
};

/// Belongs to the main thread.
class Ports {
 public:
  explicit Ports(std::vector<InheritedSocket> inherited) : inherited_(std::move(inherited)) {}

  struct Plan {
    std::vector<std::vector<PortPlan>> of_worker;  ///< by worker, then by listener
    std::vector<settings::Endpoint> bound;         ///< by listener: the real addresses
    std::vector<OpenSockets> open;                 ///< by listener
  };

  /// How to go on from the listeners in use to `next`. A listener whose address is the same keeps
  /// its sockets, whatever else has changed about it, so that nobody is refused. Takes what was
  /// inherited, and binds the others: the error says which could not be.
  base::Result<Plan, std::string> PlanFor(const std::vector<settings::Listener>& next,
                                          size_t workers);

  /// `plan` is carried out: its listeners are now those in use. What was inherited and not used is
  /// closed.
  void Take(const Plan& plan);

  /// Inherited, and not for any listener so far.
  const std::vector<InheritedSocket>& unused() const { return inherited_; }

  /// Of the listeners in use.
  const std::vector<OpenSockets>& open() const { return open_; }

 private:
  base::Result<std::vector<net::ListeningSocket>, std::string> SocketsFor(
      const settings::Listener& listener, size_t workers);

  std::vector<InheritedSocket> inherited_;
  std::vector<OpenSockets> open_;
  std::vector<settings::Endpoint> bound_;
};

}  // namespace sluice::worker
