#include "api/ticket_api.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "sluice/auth/tokens.h"
#include "sluice/config/patterns.h"

#include "api/admin_json.h"

namespace sluice::api {
namespace {

using Terms = base::Result<auth::TicketTerms, std::string>;

base::Unexpected<TicketRefusal> RefuseTicket(uint16_t status, std::string why) {
  return base::Unexpected(TicketRefusal{status, std::move(why)});
}

bool AcceptsTickets(const settings::Config& config, std::string_view name) {
  const auto route = std::find_if(config.routes.begin(), config.routes.end(),
                                  [name](const auto& candidate) { return candidate.name == name; });
  if (route == config.routes.end()) return false;
  const auto& methods = route->options.auth;
  return std::any_of(methods.begin(), methods.end(), [](const auto& method) {
    return std::holds_alternative<settings::TicketAuth>(method);
  });
}

/// Returns true if the route connects to the server that a ticket names.
bool UsesTicketServer(const settings::Config& config, std::string_view name) {
  return std::any_of(config.routes.begin(), config.routes.end(), [&](const auto& route) {
    return route.name == name && config.backends[*route.backend].is_from_token;
  });
}

base::Unexpected<std::string> Fail(std::string why) {
  return base::Unexpected(std::move(why));
}

base::Result<void, std::string> SetTerm(auth::TicketTerms& terms, const std::string& key,
                                        const std::string& text) {
  if (key == "route") {
    terms.route = text;
  } else if (key == "user") {
    terms.user = text;
  } else if (key == "origin") {
    auto origin = config::ParseOrigin(text);
    if (!origin) return Fail("origin: " + origin.error());
    if (origin->find('*') != std::string::npos) return Fail("'origin' has to be that of one page");
    terms.origin = *std::move(origin);
  } else if (key == "address") {
    terms.address = base::IpAddress::Parse(text);
    if (!terms.address) return Fail("'address' is not an IP address");
  } else if (key == "server") {
    terms.server = auth::ParseTokenValue(text);
    if (!terms.server) return Fail("'server' is not host:port");
  } else {
    return Fail("unknown key; the known keys are route, user, address, origin, server");
  }
  return {};
}

Terms ParseTerms(std::string_view body) {
  const auto object = ParseTextObject(body);
  if (!object) return Fail(object.error());
  auth::TicketTerms terms;
  for (const auto& [key, text] : *object) {
    if (auto set = SetTerm(terms, key, text); !set) return Fail(set.error());
  }
  return terms;
}

}  // namespace

base::Result<IssuedTicket, TicketRefusal> IssueTicket(const settings::Config& config,
                                                      auth::Tickets& tickets, std::string_view body,
                                                      base::TimePoint now) {
  auto terms = ParseTerms(body);
  if (!terms) return RefuseTicket(400, terms.error());
  if (!AcceptsTickets(config, terms->route)) {
    return RefuseTicket(404, "'route' is not the name of a route that takes tickets");
  }
  if (terms->server && !UsesTicketServer(config, terms->route)) {
    return RefuseTicket(400, "'server' is for a route with 'backend: {from: token}'");
  }
  auto ticket = tickets.Issue(*terms, now);
  if (!ticket) return RefuseTicket(503, "too many tickets are out");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(auth::Tickets::kLifetime);
  return IssuedTicket{*std::move(ticket), seconds, *std::move(terms)};
}

}  // namespace sluice::api
