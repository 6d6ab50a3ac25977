// Hands out one-time tickets over the admin listener.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/auth/guard.h"
#include "sluice/base/clock.h"
#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/config/types.h"

namespace sluice::server {

/// The answer to a request for a ticket: a status of HTTP and JSON.
struct TicketAnswer {
  int status;
  std::string body;
};

/// Belongs to the main thread.
class TicketDesk {
 public:
  /// Reads the `token_file` of `admin`. The error is a sentence.
  static base::Result<std::unique_ptr<TicketDesk>, std::string> Create(const config::Config& config,
                                                                       auth::Guard& guard,
                                                                       base::Log& log);

  /// `token` is what callers have to show; `config`, `guard` and `log` outlive the desk.
  TicketDesk(const config::Config& config, std::string_view token, auth::Guard& guard,
             base::Log& log);

  /// `authorization` is the value of that header; `body` is JSON: {"route": ...} and, if the ticket
  /// is to be bound to them or say them, "address", "origin", "user" and "server".
  TicketAnswer Handle(std::string_view authorization, std::string_view body, base::TimePoint now);

 private:
  const config::Config& config_;
  const auth::Digest token_;
  auth::Guard& guard_;
  base::Log& log_;
};

}  // namespace sluice::server
