// Hands out one-time tickets to who has the admin's token.
#pragma once

#include <string>
#include <string_view>

#include "sluice/auth/tickets.h"
#include "sluice/base/clock.h"
#include "sluice/config/types.h"

namespace sluice::server {

/// The answer to a request for a ticket: a status of HTTP and JSON.
struct TicketAnswer {
  int status;
  std::string body;
};

/// `body` is JSON: {"route": ...} and, if the ticket is to be bound to them or say them, "address",
/// "origin", "user" and "server".
TicketAnswer IssueTicket(const config::Config& config, auth::Tickets& tickets,
                         std::string_view body, base::TimePoint now);

}  // namespace sluice::server
