#include "config/targets.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/ip.h"
#include "sluice/base/text.h"
#include "sluice/config/suggest.h"
#include "sluice/settings/address_text.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"
#include "sluice/settings/target.h"

namespace sluice::config {
namespace {

using base::Unexpected;
using Source = settings::Template::Source;

constexpr std::string_view kQueryPrefix = "query.";
constexpr std::string_view kClaimPrefix = "claim.";

// Parses the text between the braces.
std::optional<settings::Template::Part> ParsePlace(std::string_view text) {
  Source source = Source::kCapture;
  if (text.starts_with(kQueryPrefix)) {
    source = Source::kQuery;
    text.remove_prefix(kQueryPrefix.size());
  } else if (text.starts_with(kClaimPrefix)) {
    source = Source::kClaim;
    text.remove_prefix(kClaimPrefix.size());
  }
  const auto is_good = [source](char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    // Other names may have dots and dashes.
    return c == '_' || (source != Source::kCapture && (c == '-' || c == '.'));
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_good)) return std::nullopt;
  return settings::Template::Part{source, std::string(text)};
}

// Parses the port or range of ports after a host. Returns false for other texts.
bool ParsePorts(std::string_view text, settings::AllowRule& rule) {
  const auto dash = text.find('-');
  const auto first = settings::ParsePort(text.substr(0, dash), 1);
  const auto last =
      dash == std::string_view::npos ? first : settings::ParsePort(text.substr(dash + 1), 1);
  if (!first || !last || *last < *first) return false;
  rule.first_port = *first;
  rule.last_port = *last;
  return true;
}

bool ParseAllowedHost(std::string_view host, settings::AllowRule& rule) {
  if (host.find('/') != std::string_view::npos || settings::NormalizeIp(host)) {
    auto range = base::IpRange::Parse(host);
    if (range) rule.range = *std::move(range);
    return rule.range.has_value();
  }
  rule.host = base::ToLower(host);
  if (rule.host.ends_with('.')) rule.host.pop_back();
  const std::string_view name = std::string_view(rule.host).substr(host.starts_with("*.") ? 2 : 0);
  return host == "*" || !settings::HostNameFault(name);
}

bool HasOnlyRanges(const settings::DynamicTarget& target) {
  return !target.allow.empty() &&
         std::all_of(target.allow.begin(), target.allow.end(),
                     [](const settings::AllowRule& rule) { return rule.range.has_value(); });
}

Parsed<bool> ParseResolve(std::string_view text) {
  if (text == "any") return true;
  if (text == "listed") return false;
  return Unexpected(settings::Expected("'any' or 'listed'", text));
}

void ReadResolve(Reader& reader, const Value& value, settings::DynamicTarget& target) {
  const bool is_read =
      reader.ReadScalar(value, "'any' or 'listed'", ParseResolve, target.resolves_any);
  const bool has_range =
      std::any_of(target.allow.begin(), target.allow.end(),
                  [](const settings::AllowRule& rule) { return rule.range.has_value(); });
  if (is_read && target.resolves_any && !has_range) {
    reader.Error(value, "has no effect, since 'allow' has no range that a name could resolve to");
  }
}

// Returns true if the text of the template's host excludes addresses: no request can name one.
bool IsAlwaysName(const settings::Template& server) {
  std::string literals;
  for (const auto& part : server.parts) {
    literals += part.source == Source::kLiteral ? part.text : std::string("0");
  }
  const auto host = std::string_view(literals).substr(0, literals.rfind(':'));
  return host.find_first_not_of("0123456789abcdefABCDEF.:[]") != std::string_view::npos;
}

}  // namespace

std::vector<std::string_view> CaptureNames(const settings::Match& match) {
  std::vector<std::string_view> names;
  if (match.host.starts_with('{')) {
    names.push_back(std::string_view(match.host).substr(1, match.host.find('}') - 1));
  }
  for (const settings::PathSegment& segment : match.path.segments) {
    if (segment.is_capture) names.push_back(segment.text);
  }
  if (!match.path.rest.empty()) names.push_back(match.path.rest);
  return names;
}

Parsed<settings::Template> ParseTemplate(std::string_view text) {
  const auto fail = [text] {
    return Unexpected(settings::Expected(
        "a server with a '{name}', '{query.name}' or '{claim.name}' in it, such as {name}:5432",
        text));
  };
  settings::Template result;
  result.text = text;
  bool has_place = false;
  for (std::string_view rest = text; !rest.empty();) {
    const auto open = rest.find_first_of("{}");
    if (open != 0) {
      if (rest.substr(0, open).find('%') != std::string_view::npos) {
        return Unexpected(settings::Quote(text) +
                          " has a zone, which a server that a request names cannot have; "
                          "expected an address without a %");
      }
      result.parts.push_back({Source::kLiteral, std::string(rest.substr(0, open))});
      rest.remove_prefix(std::min(open, rest.size()));
      continue;
    }
    const auto close = rest.find('}');
    auto place = close == 0 || close == std::string_view::npos
                     ? std::nullopt
                     : ParsePlace(rest.substr(1, close - 1));
    if (!place) return fail();
    result.parts.push_back(*std::move(place));
    rest.remove_prefix(close + 1);
    has_place = true;
  }
  if (!has_place) return fail();
  return result;
}

Parsed<settings::AllowRule> ParseAllowRule(std::string_view text) {
  const auto fail = [text] {
    return Unexpected(settings::Expected(
        "a range or a name, and perhaps ports: 10.1.0.0/16, [fd00::/8]:5432, db.example.com:5432, "
        "*.example.com:5900-5999 or *",
        text));
  };
  settings::AllowRule rule;
  std::string_view host = text;
  std::string_view ports;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fail();
    host = text.substr(1, end - 1);
    ports = text.substr(end + 1);
    if (host.find(':') == std::string_view::npos) return fail();
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    ports = text.substr(host.size());
  }
  if (!ParseAllowedHost(host, rule)) {
    // The range's own error says more.
    if (host.find('/') == std::string_view::npos) return fail();
    return Unexpected(base::IpRange::Parse(host).error());
  }
  if (!ports.empty() && (!ports.starts_with(':') || !ParsePorts(ports.substr(1), rule))) {
    return fail();
  }
  return rule;
}

namespace {

bool IsLoopbackName(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");  // RFC 6761 section 6.3.
}

// Returns true if `rule` is a range that allows addresses of this machine, which no name does, at
// one of the ports of `name`.
bool OpensLoopback(const settings::AllowRule& rule, const settings::AllowRule& name) {
  static const base::IpAddress kV4 = *base::IpAddress::Parse("127.0.0.1");
  static const base::IpAddress kV6 = *base::IpAddress::Parse("::1");
  return rule.range && (rule.range->Contains(kV4) || rule.range->Contains(kV6)) &&
         rule.first_port <= name.last_port && name.first_port <= rule.last_port;
}

// Returns the port of all servers of the template, or nothing if requests name the port.
std::optional<uint16_t> FixedPort(const settings::Template& server) {
  if (server.parts.empty() || server.parts.back().source != Source::kLiteral) return std::nullopt;
  const std::string_view text = server.parts.back().text;
  const auto colon = text.rfind(':');
  return colon == std::string_view::npos ? std::nullopt
                                         : settings::ParsePort(text.substr(colon + 1), 1);
}

// Returns why no request can match the rule; empty if one can.
std::string DescribeDeadRule(const settings::AllowRule& rule,
                             const settings::DynamicTarget& target) {
  const auto port = FixedPort(target.server);
  if (port && (*port < rule.first_port || *port > rule.last_port)) {
    return "the port is always " + std::to_string(*port);
  }
  const bool is_closed = !rule.range && IsLoopbackName(rule.host) &&
                         std::none_of(target.allow.begin(), target.allow.end(),
                                      [&rule](const settings::AllowRule& other) {
                                        return OpensLoopback(other, rule);
                                      });
  if (!is_closed) return {};
  return "a name only opens public addresses, and this one is a name of this machine; add the "
         "range 127.0.0.1 or ::1, with the port";
}

}  // namespace

settings::DynamicTarget ReadTarget(Reader& reader, const TargetDraft& draft,
                                   const settings::Match& match) {
  const Value& server = *draft.server;
  const std::optional<Value>& allow = draft.allow;
  settings::DynamicTarget target;
  const auto names = CaptureNames(match);
  if (reader.ReadScalar(server, "a server with a '{name}'", ParseTemplate, target.server)) {
    for (const auto& part : target.server.parts) {
      if (part.source != Source::kCapture ||
          std::find(names.begin(), names.end(), part.text) != names.end()) {
        continue;
      }
      reader.Error(server, "the route's match has no capture '{" + part.text + "}'" +
                               Suggestion(part.text, names, "its captures are"));
    }
  }
  if (!allow) {
    reader.Error(server, "needs 'allow': the ranges and names of servers that requests may reach");
    return target;
  }
  std::vector<std::pair<Value, settings::AllowRule>> rules;
  for (const auto& item : reader.Items(*allow, "ranges and names")) {
    settings::AllowRule rule;
    if (!reader.ReadScalar(item, "a range or a name", ParseAllowRule, rule)) continue;
    target.allow.push_back(rule);
    rules.emplace_back(item, std::move(rule));
  }
  for (const auto& [item, rule] : rules) {
    const std::string reason = DescribeDeadRule(rule, target);
    if (reason.empty()) continue;
    reader.Warn(item, settings::Quote(item.node.Scalar()) + " never matches: " + reason);
  }
  const bool is_read = rules.size() == allow->node.size();
  if (draft.resolve) ReadResolve(reader, *draft.resolve, target);
  if (is_read && !target.resolves_any && HasOnlyRanges(target) && IsAlwaysName(target.server)) {
    reader.Warn(*allow,
                "no request is allowed: it can only name a host, and 'allow' has ranges alone; add "
                "a name, such as '*.example.com', or 'resolve: any' beside it");
  }
  return target;
}

}  // namespace sluice::config
