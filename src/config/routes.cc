#include "config/routes.h"

#include <map>
#include <optional>
#include <string>

#include "sluice/settings/auth.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"
#include "sluice/settings/session_options.h"

#include "config/auth.h"
#include "config/balance.h"
#include "config/covers.h"
#include "config/framing.h"
#include "config/match.h"
#include "config/options.h"
#include "config/values.h"

namespace sluice::config {
namespace {

// Compares the routes with each other.
constexpr size_t kMostRoutes = 10'000;

struct RouteDraft {
  settings::Route route;
  std::optional<Value> name;
  std::optional<Value> match;
  std::optional<Value> backend;
  std::optional<Value> page;
  std::vector<Value> session_keys;  // the options that only apply to sessions
};

template <auto member>
void Keep(Reader& /*reader*/, const Value& value, RouteDraft& draft) {
  draft.*member = value;
}

template <auto read>
void ReadOption(Reader& reader, const Value& value, RouteDraft& draft) {
  draft.session_keys.push_back(value);
  read(reader, value, draft.route.options);
}

constexpr Field<RouteDraft> kRouteFields[] = {
    {"name", Keep<&RouteDraft::name>},
    {"match", Keep<&RouteDraft::match>},
    {"backend", Keep<&RouteDraft::backend>},
    {"static", Keep<&RouteDraft::page>},
    {"keepalive", ReadOption<ReadKeepalive>},
    {"timeouts", ReadOption<ReadRouteTimeouts>},
    {"limits", ReadOption<ReadRouteLimits>},
    {"on_dial_failure", ReadOption<ReadOnDialFailure>},
    {"close_codes", ReadOption<ReadCloseCodes>},
    {"on_removal", ReadOption<ReadOnRemoval>},
    {"subprotocols", ReadOption<ReadSubprotocols>},
    {"origins", ReadOption<ReadOrigins>},
    {"require_origin", ReadOption<ReadRequireOrigin>},
    {"auth", ReadOption<ReadAuth>},
    {"framing", ReadOption<ReadFraming>},
    {"compression", ReadOption<ReadCompression>},
};

void ReadName(Reader& reader, const RouteDraft& draft, std::map<std::string, int>& lines,
              settings::Route& route) {
  if (!reader.ReadScalar(*draft.name, "a name", ParseName, route.name)) return;
  const auto [known, is_new] = lines.emplace(route.name, draft.name->mark.line + 1);
  if (!is_new) {
    reader.Error(*draft.name, settings::Quote(route.name) +
                                  " is already the name of the route in line " +
                                  std::to_string(known->second));
  }
}

// Returns true if only connections of plain TCP can match: without requests and frames.
bool IsForTcp(const settings::Route& route, const std::vector<settings::Listener>& listeners) {
  const auto& indices = route.match.listeners;
  return !indices.empty() && std::all_of(indices.begin(), indices.end(), [&](size_t index) {
    return listeners[index].protocol == settings::ListenerProtocol::kTcp;
  });
}

void CheckForTcp(Reader& reader, const RouteDraft& draft, const BackendTable& backends,
                 const settings::Route& route) {
  constexpr std::string_view kOfRequests[] = {"on_dial_failure", "close_codes",    "subprotocols",
                                              "origins",         "require_origin", "compression"};
  if (!route.match.any_path || !route.match.host.empty()) {
    reader.Error(*draft.match,
                 "is never met: connections of a listener with 'protocol: tcp' bring no request");
  }
  const bool has_websocket =
      route.backend && !backends.backends[*route.backend].servers.empty() &&
      backends.backends[*route.backend].servers.front().address.is_websocket();
  for (const auto& key : draft.session_keys) {
    const bool is_of_requests = std::find(std::begin(kOfRequests), std::end(kOfRequests),
                                          key.name) != std::end(kOfRequests);
    if (is_of_requests || (key.name == "framing" && !has_websocket)) {
      reader.Error(key, "has no effect: all connections of this route are plain TCP");
    }
  }
  for (const auto& method : route.options.auth) {
    if (!std::holds_alternative<settings::CertificateAuth>(method)) {
      reader.Error(*draft.match,
                   "a client of plain TCP has no other credentials than its certificate; expected "
                   "'auth: client_certificate', or none");
    }
  }
}

void ReadStatic(Reader& reader, const RouteDraft& draft, settings::Route& route) {
  constexpr std::string_view kConsole = "builtin:console";
  const std::string expected = "'builtin:console', the only page that sluice serves";
  const auto text = reader.Text(*draft.page, expected);
  if (text && *text != kConsole) reader.Error(*draft.page, settings::Expected(expected, *text));
  for (const auto& key : draft.session_keys) {
    reader.Error(key, "a static route has no sessions that this could apply to");
  }
  route.is_console = true;
}

// Reads where requests go: exactly one of `backend` and `static`.
void ReadTarget(Reader& reader, const Value& value, const RouteDraft& draft,
                const FileChecks& checks, BackendTable& backends, settings::Route& route) {
  if (draft.backend) {
    route.backend = ReadBackendReference(reader, *draft.backend, checks, route, backends);
    if (route.backend && backends.backends[*route.backend].is_from_token) {
      CheckTokenBackend(reader, *draft.backend, route);
    }
    if (route.backend) {
      CheckHashKey(reader, *draft.backend, backends.backends[*route.backend].balance, route);
    }
  }
  if (draft.page) ReadStatic(reader, draft, route);
  if (draft.backend && draft.page) {
    reader.Error(*draft.page, "a route has either a 'backend' or a 'static', not both");
  } else if (!draft.backend && !draft.page && !reader.IsMisspelt(value, "backend") &&
             !reader.IsMisspelt(value, "static")) {
    reader.Error(value, "missing key 'backend' (or 'static')");
  }
}

// Returns true if `early` matches every request that `late` could match.
bool Hides(const settings::Route& early, const settings::Route& late) {
  if (!Covers(early.match, late.match)) return false;
  // Requests that it does not accept go to later routes.
  const settings::SessionOptions& a = early.options;
  const settings::SessionOptions& b = late.options;
  return early.match.claims.empty() ||
         (a.auth == b.auth && a.origins == b.origins && a.require_origin == b.require_origin);
}

void WarnOfOthers(Reader& reader, const std::vector<Value>& items,
                  const std::vector<settings::Route>& routes) {
  for (size_t late = 1; late < routes.size(); ++late) {
    const auto is_first = [&](size_t early) {
      return "route " + settings::Quote(routes[early].name) + " in line " +
             std::to_string(items[early].mark.line + 1) + " comes first and matches ";
    };
    const std::string name = "route " + settings::Quote(routes[late].name);
    std::optional<size_t> crossing;
    size_t early = 0;
    while (early < late && !Hides(routes[early], routes[late])) {
      if (!crossing && Cross(routes[early].match, routes[late].match)) crossing = early;
      ++early;
    }
    if (early < late) {
      reader.Warn(items[late],
                  name + " is never reached: " + is_first(early) + "all that it matches");
    } else if (crossing) {
      reader.Warn(items[late], name + " is ambiguous: " + is_first(*crossing) +
                                   "some of what it matches, and neither is more specific");
    }
  }
}

}  // namespace

void ReadRoutes(Reader& reader, const Value& value, const settings::SessionOptions& defaults,
                const std::vector<settings::Listener>& listeners, const FileChecks& checks,
                BackendTable& backends, std::vector<settings::Route>& routes) {
  const auto items = reader.Items(value, "routes");
  if (items.size() > kMostRoutes) {
    reader.Error(value, "expected at most 10000 routes, found " + std::to_string(items.size()));
    return;
  }
  std::map<std::string, int> lines;
  for (const auto& item : items) {
    RouteDraft draft;
    draft.route.options = defaults;
    if (!reader.ReadMapping<RouteDraft>(item, kRouteFields, draft)) continue;
    auto& route = draft.route;
    if (draft.name) {
      ReadName(reader, draft, lines, route);
    } else {
      reader.Missing(item, "name");
    }
    if (draft.match) {
      ReadMatch(reader, *draft.match, listeners, route.match);
    } else {
      reader.Missing(item, "match");
    }
    ReadTarget(reader, item, draft, checks, backends, route);
    if (draft.match) CheckMatch(reader, *draft.match, listeners, route);
    if (draft.match && IsForTcp(route, listeners)) CheckForTcp(reader, draft, backends, route);
    routes.push_back(std::move(route));
  }
  // Routes with errors may be missing, or match other requests than intended.
  if (!reader.has_errors()) WarnOfOthers(reader, items, routes);
}

void AddRouteMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"route", KeysOf<RouteDraft>(kRouteFields)});
}

}  // namespace sluice::config
