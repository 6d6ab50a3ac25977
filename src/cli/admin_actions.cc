#include "cli/admin_actions.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "sluice/base/text.h"
#include "sluice/net/event_loop.h"
#include "sluice/server/ticket_desk.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

admin::Actions::Answer Say(int status, const json& what) {
  // What a file says need not be UTF-8.
  return {status, what.dump(-1, ' ', false, json::error_handler_t::replace) + '\n'};
}

admin::Actions::Answer Refused(int status, const std::string& why) {
  auto answer = Say(status, {{"error", why}});
  answer.refusal = why;
  return answer;
}

}  // namespace

bool AdminActions::Has(std::string_view path) const {
  return path == "/tickets" || (path == "/reload" && reloader_ != nullptr);
}

AdminActions::Answer AdminActions::Post(std::string_view path, std::string_view authorization,
                                        std::string_view body, std::string_view client) {
  if (!token_.IsIn(authorization)) {
    return Refused(401, "expected 'Authorization: Bearer TOKEN' with the admin's token");
  }
  return path == "/reload" ? Reload() : Ticket(body, client);
}

AdminActions::Answer AdminActions::Reload() {
  const auto outcome = reloader_->Reload();
  switch (outcome.result) {
    case server::Reloader::Result::kUnchanged:
      return Say(200, {{"result", "unchanged"}});
    case server::Reloader::Result::kReloaded:
      return Say(200, {{"result", "reloaded"}, {"warnings", outcome.warnings}});
    case server::Reloader::Result::kFailed:
      break;
  }
  return Say(422, {{"result", "failed"}, {"faults", outcome.faults}});
}

AdminActions::Answer AdminActions::Ticket(std::string_view body, std::string_view client) {
  const auto guard = server_.guard();
  if (!guard) return Refused(404, "no route takes tickets");
  auto issued =
      server::IssueTicket(server_.config(), guard->tickets(), body, net::EventLoop::Now());
  if (!issued) return Refused(issued.error().status, issued.error().why);
  LogIssued(issued->terms, client);
  return Say(200, {{"ticket", issued->ticket}, {"expires_in", issued->lifetime.count()}});
}

void AdminActions::LogIssued(const auth::TicketTerms& terms, std::string_view client) {
  const std::string user = base::Excerpt(terms.user);
  const std::string address = terms.address ? terms.address->ToString() : "";
  const std::string origin = base::Excerpt(terms.origin.value_or(""));
  const std::string server = terms.server ? terms.server->ToString() : "";
  log_.Write(base::LogLevel::kInfo, "ticket_issued",
             {{"client", client},
              {"route", terms.route},
              {"user", user},
              {"address", address},
              {"origin", origin},
              {"server", server}});
}

}  // namespace sluice::cli
