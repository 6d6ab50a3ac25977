// One-time tickets: who may not hold credentials, such as a page, gets one from who may, and comes
// in with it once. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/auth/tokens.h"
#include "sluice/base/clock.h"
#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/settings/endpoint.h"

namespace sluice::auth {

/// What a ticket is good for.
struct TicketTerms {
  std::string route;
  std::string user = {};
  std::optional<base::IpAddress> address = std::nullopt;  ///< nothing: any
  std::optional<std::string> origin = std::nullopt;       ///< nothing: any, and none
  std::optional<settings::Endpoint> server = std::nullopt;
};

/// Shared by the workers; thread-safe.
class Tickets {
 public:
  static constexpr base::Duration kLifetime{15'000};

  /// 256 random bits; nothing if there are too many tickets, or no random numbers.
  std::optional<std::string> Issue(TicketTerms terms, base::TimePoint now);

  /// The terms of a ticket that is good, which it no longer is after this call, whatever comes of
  /// it: a ticket that was shown in the wrong place is in the wrong hands. The error is why not.
  base::Result<TicketTerms, std::string> Redeem(std::string_view ticket, std::string_view route,
                                                const std::optional<base::IpAddress>& address,
                                                std::optional<std::string_view> origin,
                                                base::TimePoint now);

  size_t size() const;

 private:
  struct Entry {
    TicketTerms terms;
    base::TimePoint expires;
  };

  mutable std::mutex mutex_;
  std::map<Digest, Entry> entries_;
};

}  // namespace sluice::auth
