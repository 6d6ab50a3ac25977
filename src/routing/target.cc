#include "sluice/routing/target.h"

#include <algorithm>
#include <vector>

#include "sluice/base/text.h"
#include "sluice/http/query.h"

namespace sluice::routing {
namespace {

using base::IpAddress;
using base::IpRange;
using base::Unexpected;
using settings::AllowRule;
using Source = settings::Template::Source;

/// Returns the addresses outside the public Internet (RFC 6890 and the IANA's registries of
/// special-purpose addresses), those that are translated to others, and the metadata services of
/// clouds, which return secrets. Each metadata address is a range of its own, so that a route must
/// list it exactly.
const std::vector<IpRange>& SpecialRanges() {
  static const std::vector<IpRange> ranges = [] {
    constexpr const char* kRanges[] = {
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "100.100.100.200",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "fd00:ec2::23",
        "::ffff:0:0:0/96",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::1",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fd00:ec2::254",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        // Amazon's addresses are above. These belong to Google, Scaleway, Tencent and Oracle (two
        // of its own, and the IPv6 form of 169.254.169.254).
        "fd20:ce::254",
        "169.254.42.42",
        "fd00:42::42",
        "169.254.0.23",
        "192.0.0.192",
        "fd00:c1::a9fe:a9fe",
        "fe80::a9fe:a9fe",
    };
    std::vector<IpRange> parsed;
    for (const char* range : kRanges) parsed.push_back(*IpRange::Parse(range));
    return parsed;
  }();
  return ranges;
}

/// Returns the narrowest special range that contains the address; null if it is public.
const IpRange* SpecialRangeOf(const IpAddress& address) {
  const IpRange* narrowest = nullptr;
  for (const IpRange& range : SpecialRanges()) {
    if (range.Contains(address) && (narrowest == nullptr || narrowest->Covers(range))) {
      narrowest = &range;
    }
  }
  return narrowest;
}

bool FitsPort(const AllowRule& rule, const settings::Endpoint& server) {
  return server.port >= rule.first_port && server.port <= rule.last_port;
}

bool FitsName(const AllowRule& rule, std::string_view host) {
  if (rule.range) return false;
  if (rule.host == "*") return true;
  if (!rule.host.starts_with("*.")) return host == rule.host;
  const std::string_view suffix = std::string_view(rule.host).substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

/// Returns true if a name may be resolved; the addresses are checked later. A range alone does not
/// allow that: a client could find out which names exist, and send data in DNS queries.
bool MayResolve(const settings::DynamicTarget& target, const settings::Endpoint& server,
                std::string_view name) {
  return std::any_of(target.allow.begin(), target.allow.end(), [&](const AllowRule& rule) {
    if (!FitsPort(rule, server)) return false;
    return rule.range ? target.resolves_any : FitsName(rule, name);
  });
}

std::string NameOf(const settings::Endpoint& server) {
  std::string name = base::ToLower(server.host);
  if (name.ends_with('.')) name.pop_back();
  return name;
}

/// Returns the value for one part of the template.
base::Result<std::string, std::string> ValueOf(const settings::Template::Part& part,
                                               const TemplateValues& values) {
  switch (part.source) {
    case Source::kLiteral:
      return part.text;
    case Source::kCapture:
      for (const auto& [name, value] : values.captures) {
        if (name == part.text) return value;
      }
      break;
    case Source::kQuery: {
      auto found = http::QueryValues(values.query, part.text);
      // Programs differ in which of two values they use, so two are refused.
      if (found.size() > 1) {
        return Unexpected("the query has more than one '" + part.text + "'");
      }
      if (found.size() == 1) return std::move(found.front());
      return Unexpected("the query has no '" + part.text + "'");
    }
    case Source::kClaim:
      if (auto value = values.claim ? values.claim(part.text) : std::nullopt) {
        return *std::move(value);
      }
      return Unexpected("the token has no claim '" + part.text + "'");
  }
  return Unexpected("nothing is captured as '" + part.text + "'");
}

}  // namespace

base::Result<std::string, std::string> TargetText(const settings::DynamicTarget& target,
                                                  const TemplateValues& values) {
  std::string text;
  for (const auto& part : target.server.parts) {
    auto value = ValueOf(part, values);
    if (!value) return Unexpected(std::move(value).error());
    text += *value;
  }
  return text;
}

base::Result<settings::Endpoint, std::string> ResolveTarget(const settings::DynamicTarget& target,
                                                            const TemplateValues& values) {
  const auto text = TargetText(target, values);
  if (!text) return Unexpected(text.error());
  auto server = settings::ParseServer(*text);
  if (!server || server->kind != settings::Endpoint::Kind::kTcp) {
    return Unexpected(std::string("what the request names is no host and port"));
  }
  const auto literal = IpAddress::Parse(server->host);
  const std::string name = NameOf(*server);
  const bool may_be_allowed =
      literal ? MayConnect(target, *server, *literal) : MayResolve(target, *server, name);
  if (!may_be_allowed) {
    return Unexpected(std::string("the server that the request names is not one that is allowed"));
  }
  return server;
}

bool MayConnect(const settings::DynamicTarget& target, const settings::Endpoint& server,
                const IpAddress& address) {
  const IpRange* const special = SpecialRangeOf(address);
  const std::string name = NameOf(server);
  return std::any_of(target.allow.begin(), target.allow.end(), [&](const AllowRule& rule) {
    if (!FitsPort(rule, server)) return false;
    if (!rule.range) return special == nullptr && FitsName(rule, name);
    return rule.range->Contains(address) && (special == nullptr || special->Covers(*rule.range));
  });
}

}  // namespace sluice::routing
