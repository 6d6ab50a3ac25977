// Asynchronous name resolution over c-ares: /etc/hosts and DNS, as resolv.conf or the configuration
// says.
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

/// One for each loop; belongs to its thread. Outlives its queries' handles.
class Resolver {
 public:
  /// All addresses of the name, IPv4 and IPv6, in the order of preference of RFC 6724; or one
  /// sentence.
  using Answer = base::Result<std::vector<Address>, std::string>;
  using Callback = std::function<void(Answer)>;

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
};

}  // namespace sluice::net
