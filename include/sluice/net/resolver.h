// Asynchronous name resolution over c-ares: /etc/hosts and DNS, as resolv.conf or the configuration
// says. What DNS answers is kept for as long as its records live.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/types.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"

namespace sluice::net {

/// An SRV record (RFC 2782): a place where a service is offered.
struct Service {
  std::string host;
  uint16_t port = 0;
  uint16_t priority = 0;  ///< the lowest first
  uint16_t weight = 0;    ///< the share of the load among those of one priority

  bool operator==(const Service&) const = default;
};

/// One for each loop; belongs to its thread. Outlives its queries' handles.
class Resolver {
 public:
  /// All addresses of the name, IPv4 and IPv6, in the order of preference of RFC 6724; or one
  /// sentence.
  using Answer = base::Result<std::vector<Address>, std::string>;
  using Callback = std::function<void(Answer)>;

  /// The places of a service in the order in which to try them, at least one, drawn by lot by their
  /// weights anew each time; or one sentence.
  using Services = base::Result<std::vector<Service>, std::string>;
  using ServicesCallback = std::function<void(Services)>;

  /// A query under way. Destroying it cancels: the callback is not called after that.
  class Query {
   public:
    virtual ~Query() = default;
  };

  static base::Result<std::unique_ptr<Resolver>, std::string> Create(EventLoop& loop,
                                                                     const config::Dns& dns);
  virtual ~Resolver() = default;

  /// Looks up `host`, never from inside this call, once. An IP address is its own answer.
  virtual std::unique_ptr<Query> Resolve(const std::string& host, uint16_t port,
                                         Callback callback) = 0;

  /// Looks up the SRV records of `name` in the same way.
  virtual std::unique_ptr<Query> ResolveService(const std::string& name,
                                                ServicesCallback callback) = 0;
};

}  // namespace sluice::net
