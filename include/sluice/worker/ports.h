// Plans the listening sockets of the process for a configuration: each listener keeps the sockets
// of the previous configuration, uses sockets inherited from another process, or binds new ones.
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

/// The sockets on which one worker accepts connections for one listener of a configuration.
struct PortPlan {
  /// The bound address, with the port that the kernel chose for port 0: no two listeners share it.
  settings::Endpoint address = {};
  /// The index of the listener of the previous configuration whose sockets stay in use.
  std::optional<size_t> kept = std::nullopt;
  /// Without `kept`: one socket, or more if this process has fewer workers than the previous one.
  std::vector<net::ListeningSocket> sockets = {};
};

/// The listening sockets of all workers. Belongs to the main thread.
class Ports {
 public:
  explicit Ports(std::vector<InheritedSocket> inherited) : inherited_(std::move(inherited)) {}

  struct Plan {
    std::vector<std::vector<PortPlan>> of_worker;  ///< by worker, then by listener
    std::vector<settings::Endpoint> bound;         ///< the bound addresses, by listener
    std::vector<OpenSockets> open;                 ///< by listener
  };

  /// Plans the change from the listeners in use to `next`. A listener whose address is the same
  /// keeps its sockets, whatever else has changed, so that no client is refused meanwhile. The plan
  /// takes matching inherited sockets and binds the others. The error names the listener that
  /// cannot be bound.
  base::Result<Plan, std::string> PlanFor(const std::vector<settings::Listener>& next,
                                          size_t workers);

  /// Makes the listeners of `plan` those in use, and closes the inherited sockets that are left.
  void Commit(const Plan& plan);

  /// The inherited sockets that no listener has used so far.
  const std::vector<InheritedSocket>& unused() const { return inherited_; }

  /// The sockets of the listeners in use.
  const std::vector<OpenSockets>& open() const { return open_; }

 private:
  base::Result<std::vector<net::ListeningSocket>, std::string> SocketsFor(
      const settings::Listener& listener, size_t workers);

  std::vector<InheritedSocket> inherited_;
  std::vector<OpenSockets> open_;
  std::vector<settings::Endpoint> bound_;
};

}  // namespace sluice::worker
