// Hands out one-time tickets to who has the admin's token.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sluice/auth/tickets.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/settings/config.h"

namespace sluice::server {

struct IssuedTicket {
  std::string ticket;
  std::chrono::seconds lifetime;
  auth::TicketTerms terms;
};

struct TicketRefusal {
  int status;  ///< of HTTP
  std::string why;
};

/// `body` is JSON: {"route": ...} and, if the ticket is to be bound to them or say them, "address",
/// "origin", "user" and "server".
base::Result<IssuedTicket, TicketRefusal> IssueTicket(const settings::Config& config,
                                                      auth::Tickets& tickets, std::string_view body,
                                                      base::TimePoint now);

}  // namespace sluice::server
