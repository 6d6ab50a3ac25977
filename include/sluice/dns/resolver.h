// Asynchronous name resolution over c-ares: /etc/hosts and DNS, as configured in resolv.conf or in
// sluice. Answers from DNS are cached as long as their records live.
//
// A server may move before the record of its old address expires. So a dial whose cached addresses
// have all failed asks for a renewed answer (Cached::kRenew).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/settings/process.h"

namespace sluice::dns {

/// An SRV record (RFC 2782): a host and port that offer a service.
struct Service {
  std::string host;
  uint16_t port = 0;
  uint16_t priority = 0;  ///< the lowest first
  uint16_t weight = 0;    ///< the share of the load among those of one priority

  bool operator==(const Service&) const = default;
};

/// There is one resolver for each loop; it belongs to the loop's thread. Outlives its queries'
/// handles.
class Resolver {
 public:
  /// All addresses of the name, IPv4 and IPv6, in the order of preference of RFC 6724; or one
  /// sentence.
  using Answer = base::Result<std::vector<net::Address>, std::string>;
  using Callback = std::function<void(Answer)>;

  /// The servers of a service in the order in which to try them, at least one; each query draws the
  /// order by weight. The error is one sentence.
  using Services = base::Result<std::vector<Service>, std::string>;
  using ServicesCallback = std::function<void(Services)>;

  /// What a lookup does with an answer that is in the cache.
  enum class Cached : uint8_t {
    kUse,    ///< returns the cached answer
    kRenew,  ///< asks DNS again, at most once in kRenewInterval; in between as kUse
  };
  /// The least time between two renewals of one name: a dead server costs one query in this time,
  /// not one for each session.
  static constexpr base::Duration kRenewInterval{5'000};

  /// How long the answer for one family of addresses waits for the other (RFC 8305 section 3).
  static constexpr base::Duration kResolutionDelay{50};

  /// A query under way. Destroying it cancels the query: the callback is not called after that.
  class Query {
   public:
    virtual ~Query() = default;

    /// Returns true if a lookup with Cached::kRenew may find other addresses: the answer was in the
    /// cache, or one family of addresses is still missing. Valid from the callback on.
    virtual bool IsRenewable() const { return false; }
  };

  static base::Result<std::unique_ptr<Resolver>, std::string> Create(net::EventLoop& loop,
                                                                     const settings::Dns& dns);
  virtual ~Resolver() = default;

  /// Looks up `host`. The callback is called once, never from inside this call. An IP address is
  /// its own answer.
  virtual std::unique_ptr<Query> Resolve(const std::string& host, uint16_t port, Cached cached,
                                         Callback callback) = 0;

  /// Looks up the SRV records of `name` in the same way.
  virtual std::unique_ptr<Query> ResolveService(const std::string& name, Cached cached,
                                                ServicesCallback callback) = 0;

  /// Moves the cached answers of `previous` here, unless its settings differ. Both resolvers were
  /// created by Create.
  virtual void MoveCacheFrom(Resolver& previous) = 0;
};

}  // namespace sluice::dns
