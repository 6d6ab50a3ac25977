// POST /tickets of the admin listener: issues one-time tickets.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/auth/tickets.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/settings/config.h"

namespace sluice::api {

struct IssuedTicket {
  std::string ticket;
  std::chrono::seconds lifetime;
  auth::TicketTerms terms;
};

struct TicketRefusal {
  uint16_t status;  ///< of HTTP
  std::string why;
};

/// Issues a ticket for `body`: JSON with the "route" and, optionally, the only "address" and
/// "origin" that the ticket is valid for, and the "user" and "server" that it names.
base::Result<IssuedTicket, TicketRefusal> IssueTicket(const settings::Config& config,
                                                      auth::Tickets& tickets, std::string_view body,
                                                      base::TimePoint now);

}  // namespace sluice::api
