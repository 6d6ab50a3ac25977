#include "cli/admin_actions.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "sluice/net/event_loop.h"
#include "sluice/server/ticket_desk.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

admin::Actions::Answer Say(int status, const json& what) {
  // What a file says need not be UTF-8.
  return {status, what.dump(-1, ' ', false, json::error_handler_t::replace) + '\n'};
}

}  // namespace

bool AdminActions::Has(std::string_view path) const {
  return path == "/tickets" || (path == "/reload" && reloader_ != nullptr);
}

AdminActions::Answer AdminActions::Post(std::string_view path, std::string_view authorization,
                                        std::string_view body) {
  if (!token_.IsIn(authorization)) {
    log_.Write(base::LogLevel::kWarn, "admin_refused",
               {{"path", path}, {"reason", "unauthorized"}});
    return Say(401, {{"error", "expected 'Authorization: Bearer TOKEN' with the admin's token"}});
  }
  return path == "/reload" ? Reload() : Ticket(body);
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

AdminActions::Answer AdminActions::Ticket(std::string_view body) {
  const auto guard = server_.guard();
  if (!guard) return Say(404, {{"error", "no route takes tickets"}});
  auto answer =
      server::IssueTicket(server_.config(), guard->tickets(), body, net::EventLoop::Now());
  return {answer.status, std::move(answer.body)};
}

}  // namespace sluice::cli
