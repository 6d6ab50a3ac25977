#include "sluice/server/ticket_desk.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "sluice/auth/tokens.h"
#include "sluice/config/patterns.h"

namespace sluice::server {
namespace {

using nlohmann::json;

using Terms = base::Result<auth::TicketTerms, std::string>;

base::Unexpected<TicketRefusal> Refuse(int status, std::string why) {
  return base::Unexpected(TicketRefusal{status, std::move(why)});
}

bool TakesTickets(const settings::Config& config, std::string_view name) {
  const auto route = std::find_if(config.routes.begin(), config.routes.end(),
                                  [name](const auto& candidate) { return candidate.name == name; });
  if (route == config.routes.end()) return false;
  const auto& methods = route->options.auth;
  return std::any_of(methods.begin(), methods.end(), [](const auto& method) {
    return std::holds_alternative<settings::TicketAuth>(method);
  });
}

/// Whether the server of a ticket would be dialled there.
bool TakesServers(const settings::Config& config, std::string_view name) {
  return std::any_of(config.routes.begin(), config.routes.end(), [&](const auto& route) {
    return route.name == name && config.backends[*route.backend].is_from_token;
  });
}

base::Unexpected<std::string> Fail(std::string why) {
  return base::Unexpected(std::move(why));
}

base::Result<void, std::string> Set(auth::TicketTerms& terms, const std::string& key,
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

Terms Parse(std::string_view body) {
  const json object = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Fail("expected a JSON object such as {\"route\": \"vnc\"}");
  auth::TicketTerms terms;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) return Fail("every value has to be a string");
    if (auto set = Set(terms, key, value.get<std::string>()); !set) return Fail(set.error());
  }
  return terms;
}

}  // namespace

base::Result<IssuedTicket, TicketRefusal> IssueTicket(const settings::Config& config,
                                                      auth::Tickets& tickets, std::string_view body,
                                                      base::TimePoint now) {
  auto terms = Parse(body);
  if (!terms) return Refuse(400, terms.error());
  if (!TakesTickets(config, terms->route)) {
    return Refuse(404, "'route' is not the name of a route that takes tickets");
  }
  if (terms->server && !TakesServers(config, terms->route)) {
    return Refuse(400, "'server' is for a route with 'backend: {from: token}'");
  }
  auto ticket = tickets.Issue(*terms, now);
  if (!ticket) return Refuse(503, "too many tickets are out");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(auth::Tickets::kLifetime);
  return IssuedTicket{*std::move(ticket), seconds, *std::move(terms)};
}

}  // namespace sluice::server
