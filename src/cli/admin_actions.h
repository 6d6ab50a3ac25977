// What may be asked of the running gateway over its admin listener.
#pragma once

#include "sluice/admin/admin_server.h"
#include "sluice/auth/tickets.h"
#include "sluice/base/log.h"
#include "sluice/server/admin_token.h"
#include "sluice/server/reloader.h"
#include "sluice/server/server.h"

namespace sluice::cli {

/// Everything in it outlives it. Belongs to the main thread.
class AdminActions final : public admin::Actions {
 public:
  /// `reloader` is null where there is no configuration file.
  AdminActions(const server::AdminToken& token, server::Server& server, server::Reloader* reloader,
               base::Log& log)
      : token_(token), server_(server), reloader_(reloader), log_(log) {}

  bool Has(std::string_view path) const override;
  Answer Post(std::string_view path, std::string_view authorization, std::string_view body,
              std::string_view client) override;

 private:
  Answer Reload();
  Answer Ticket(std::string_view body, std::string_view client);
  void LogIssued(const auth::TicketTerms& terms, std::string_view client);

  const server::AdminToken token_;
  server::Server& server_;
  server::Reloader* const reloader_;
  base::Log& log_;
};

}  // namespace sluice::cli
