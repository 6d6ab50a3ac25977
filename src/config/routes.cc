#include "config/routes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "sluice/config/patterns.h"

#include "config/auth.h"
#include "config/balance.h"
#include "config/framing.h"
#include "config/options.h"
#include "config/quote.h"
#include "config/targets.h"
#include "config/values.h"

namespace sluice::config {
namespace {

// Routes are compared with each other, and tried one after the other for every request.
constexpr size_t kMostRoutes = 10'000;

struct RouteDraft {
  Route route;
  std::optional<Value> name;
  std::optional<Value> match;
  std::optional<Value> backend;
  std::optional<Value> page;
  std::vector<Value> session_keys;  // the options that make no sense without a session
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
    {"subprotocols", ReadOption<ReadSubprotocols>},
    {"origins", ReadOption<ReadOrigins>},
    {"require_origin", ReadOption<ReadRequireOrigin>},
    {"auth", ReadOption<ReadAuth>},
    {"framing", ReadOption<ReadFraming>},
    {"compression", ReadOption<ReadCompression>},
};

struct MatchDraft {
  Match match;
  bool has_path = false;
};

constexpr Field<MatchDraft> kMatchFields[] = {
    {"host",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       reader.ReadScalar(value, "a host name", ParseHostPattern, draft.match.host);
     }},
    {"path",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       draft.has_path = true;
       reader.ReadScalar(value, "a path", ParsePathPattern, draft.match.path);
     }},
};

void ReadName(Reader& reader, const RouteDraft& draft, std::map<std::string, int>& lines,
              Route& route) {
  if (!reader.ReadScalar(*draft.name, "a name", ParseName, route.name)) return;
  const auto [known, is_new] = lines.emplace(route.name, draft.name->mark.line + 1);
  if (!is_new) {
    reader.Error(*draft.name, Quote(route.name) + " is already the name of the route in line " +
                                  std::to_string(known->second));
  }
}

void ReadMatch(Reader& reader, const Value& value, Match& match) {
  MatchDraft draft;
  if (!reader.ReadMapping<MatchDraft>(value, kMatchFields, draft)) return;
  if (!draft.has_path) reader.Missing(value, "path");
  auto names = CaptureNames(draft.match);
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    reader.Error(value, "two captures are named '{" + std::string(*twice) + "}'");
  }
  match = std::move(draft.match);
}

void ReadStatic(Reader& reader, const RouteDraft& draft, Route& route) {
  constexpr std::string_view kConsole = "builtin:console";
  const std::string expected = "'builtin:console', the only static content so far";
  const auto text = reader.Text(*draft.page, expected);
  if (text && *text != kConsole) reader.Error(*draft.page, Expected(expected, *text));
  for (const auto& key : draft.session_keys) {
    reader.Error(key, "a static route has no sessions that this could apply to");
  }
  route.is_console = true;
}

// Where requests go: exactly one of `backend` and `static`.
void ReadTarget(Reader& reader, const Value& value, const RouteDraft& draft,
                const FileChecks& checks, BackendTable& backends, Route& route) {
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
  } else if (!draft.backend && !draft.page) {
    reader.Error(value, "missing key 'backend' (or 'static')");
  }
}

bool HostCovers(const std::string& a, const std::string& b) {
  if (a.empty() || a == b) return true;
  if (a.front() == '{') {
    // Any one label before the suffix; a `*` may stand for more.
    const auto suffix = std::string_view(a).substr(a.find('.'));
    const auto label = std::string_view(b).substr(0, b.find('.'));
    return label != "*" && b.substr(label.size()) == suffix;
  }
  // `*.x` covers `y.x` and `*.y.x`. It does not cover `x` itself.
  return a.starts_with("*.") && b.size() > a.size() - 1 && b.ends_with(a.substr(1));
}

std::vector<PathSegment> SegmentsOf(const PathPattern& pattern) {
  if (pattern.has_captures()) return pattern.segments;
  std::vector<PathSegment> segments;
  for (std::string_view rest = pattern.path; !rest.empty();) {
    rest.remove_prefix(1);
    const auto piece = rest.substr(0, rest.find('/'));
    rest.remove_prefix(piece.size());
    segments.push_back({false, std::string(piece)});
  }
  return segments;
}

bool PathCovers(const PathPattern& a, const PathPattern& b) {
  const auto of_a = SegmentsOf(a);
  const auto of_b = SegmentsOf(b);
  if (of_b.size() < of_a.size()) return false;
  for (size_t i = 0; i < of_a.size(); ++i) {
    const bool covers =
        of_a[i].is_capture ? of_b[i].is_capture || !of_b[i].text.empty() : of_a[i] == of_b[i];
    if (!covers) return false;
  }
  if (a.is_prefix) return true;
  const bool has_more = of_b.size() > of_a.size();
  // A `{rest...}` is never empty, a `/**` may be.
  if (!a.rest.empty()) return !b.rest.empty() || has_more;
  return !has_more && !b.is_prefix && b.rest.empty();
}

void WarnOfHidden(Reader& reader, const std::vector<Value>& items,
                  const std::vector<Route>& routes) {
  for (size_t late = 1; late < routes.size(); ++late) {
    for (size_t early = 0; early < late; ++early) {
      if (!Covers(routes[early].match, routes[late].match)) continue;
      reader.Warn(items[late], "route " + Quote(routes[late].name) + " is never reached: route " +
                                   Quote(routes[early].name) + " in line " +
                                   std::to_string(items[early].mark.line + 1) +
                                   " comes first and matches all that it matches");
      break;
    }
  }
}

}  // namespace

bool Covers(const Match& a, const Match& b) {
  return HostCovers(a.host, b.host) && PathCovers(a.path, b.path);
}

void ReadRoutes(Reader& reader, const Value& value, const SessionOptions& defaults,
                const FileChecks& checks, BackendTable& backends, std::vector<Route>& routes) {
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
      ReadMatch(reader, *draft.match, route.match);
    } else {
      reader.Missing(item, "match");
    }
    ReadTarget(reader, item, draft, checks, backends, route);
    routes.push_back(std::move(route));
  }
  // Faulty routes may be missing, or match what they were not meant to.
  if (!reader.has_errors()) WarnOfHidden(reader, items, routes);
}

void AddRouteMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"route", KeysOf<RouteDraft>(kRouteFields)});
  mappings.push_back({"match", KeysOf<MatchDraft>(kMatchFields)});
}

}  // namespace sluice::config
