// One-time tickets: a client that must not have credentials, such as a page, gets a ticket from a
// program that has them, and connects with it once. Pure.
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

/// The conditions under which a ticket is valid, and the identity that it gives.
struct TicketTerms {
  std::string route;
  std::string user = {};
  std::optional<base::IpAddress> address = std::nullopt;  ///< unset: any
  std::optional<std::string> origin = std::nullopt;       ///< unset: any, or no Origin
  std::optional<settings::Endpoint> server = std::nullopt;
};

/// Shared by the workers; thread-safe.
class Tickets {
 public:
  static constexpr base::Duration kLifetime{15'000};

  /// Issues a ticket of 256 random bits. Unset if there are too many tickets, or if random numbers
  /// are not available.
  std::optional<std::string> Issue(TicketTerms terms, base::TimePoint now);

  /// Returns the terms of a valid ticket. The error is why it is not valid. After this call the
  /// ticket is not valid any more, even on an error: a ticket that is used in the wrong place may
  /// have been stolen.
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
