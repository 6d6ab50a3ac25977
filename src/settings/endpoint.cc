// Parses and formats addresses. Hosts that are IP addresses are stored in their usual spelling, so
// that two spellings of one address compare equal.
#include "sluice/settings/endpoint.h"

#include <algorithm>

#include <sys/un.h>

#include "sluice/base/ip.h"
#include "sluice/base/text.h"
#include "sluice/settings/address_text.h"
#include "sluice/settings/quote.h"

namespace sluice::settings {
namespace {

using base::IsDigit;
using base::Result;
using base::Unexpected;
using EndpointResult = Result<Endpoint, std::string>;

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kBuiltinPrefix = "builtin:";
constexpr std::string_view kSrvPrefix = "srv:";
constexpr std::string_view kWsPrefix = "ws://";
constexpr std::string_view kWssPrefix = "wss://";
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr std::string_view kServerForms =
    "; expected host:port, [IPv6]:port, unix:/path, srv:_service._tcp.name, builtin:echo, "
    "ws://host/path or "
    "wss://host/path";
constexpr std::string_view kListenForms =
    "; expected IP:port such as 127.0.0.1:8080 or [::]:8080, a bare port, or unix:/path";

// Returns an error whose sentence ends with `forms`.
Unexpected<std::string> Fail(std::string_view text, std::string_view fault,
                             std::string_view forms) {
  return Unexpected(Quote(text) + ' ' + std::string(fault) + std::string(forms));
}

EndpointResult ParseUnix(std::string_view text, std::string_view forms) {
  const auto path = text.substr(kUnixPrefix.size());
  if (!path.starts_with('/')) return Fail(text, "has no absolute path", forms);
  if (path.size() >= sizeof(sockaddr_un::sun_path) || path.find('\0') != std::string_view::npos) {
    return Fail(text, "has a path that no socket can have (107 bytes at most)", forms);
  }
  return Endpoint{Endpoint::Kind::kUnix, std::string(path), 0};
}

// Returns the rest after `_service._proto.` (RFC 2782), or nothing if `name` has another beginning.
std::string_view AfterService(std::string_view name) {
  for (int i = 0; i < 2; ++i) {
    const auto dot = name.find('.');
    if (!name.starts_with('_') || dot == std::string_view::npos || dot < 2) return {};
    name.remove_prefix(dot + 1);
  }
  return name;
}

EndpointResult ParseSrv(std::string_view text) {
  const auto name = text.substr(kSrvPrefix.size());
  if (name.find(':') != std::string_view::npos) {
    return Fail(text, "has a port, which is for the SRV records to say", kServerForms);
  }
  if (const auto fault = HostNameFault(name)) return Fail(text, *fault, kServerForms);
  if (AfterService(name).empty()) {
    return Fail(text, "does not begin with '_service._proto.'", kServerForms);
  }
  return Endpoint{Endpoint::Kind::kSrv, std::string(name), 0};
}

struct HostAndPort {
  std::string_view host;  // without brackets
  bool in_brackets = false;
  std::string_view port;
};

Result<HostAndPort, std::string> SplitHostAndPort(std::string_view text, std::string_view forms) {
  if (text.find("://") != std::string_view::npos) return Fail(text, "is a URL", forms);
  if (text.find('/') != std::string_view::npos) return Fail(text, "is no address", forms);
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return Fail(text, "lacks the closing ']'", forms);
    if (end + 1 == text.size()) return Fail(text, "has no port", forms);
    if (text[end + 1] != ':') return Fail(text, "has no ':' after the ']'", forms);
    return HostAndPort{text.substr(1, end - 1), true, text.substr(end + 2)};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || NormalizeZonedIpv6(text)) {
    const bool is_ipv6 = colon != std::string_view::npos;
    return Fail(text, is_ipv6 ? "is an IPv6 address without brackets and a port" : "has no port",
                forms);
  }
  if (text.find(':', colon + 1) != std::string_view::npos) {
    return Fail(text, "has more than one ':', which only an IPv6 address in brackets may", forms);
  }
  return HostAndPort{text.substr(0, colon), false, text.substr(colon + 1)};
}

/// Zones of link-local addresses.
enum class Zones : uint8_t {
  kRefused,
  kRequired,
};

// Returns true for `25eth0`, which is `%eth0` as RFC 6874 escaped it in URLs, and not for `254`.
bool IsEscapedZone(std::string_view zone) {
  return zone.starts_with("25") && !std::all_of(zone.begin(), zone.end(), IsDigit);
}

// Parses the IPv6 address that is in the brackets of `text`, with its zone.
Result<std::string, std::string> ParseZonedIpv6(std::string_view text, std::string_view host,
                                                std::string_view forms) {
  const auto zoned = NormalizeZonedIpv6(host);
  if (!zoned) return Fail(text, "has no valid IPv6 address in its brackets", forms);
  if (const auto fault = ZoneFault(host)) return Fail(text, *fault, "");
  return *zoned;
}

/// Of the parts of `text`.
EndpointResult MakeServer(std::string_view text, const HostAndPort& parts, Endpoint::Kind kind,
                          std::string_view target, Zones zones) {
  std::optional<std::string> host;
  if (parts.in_brackets && zones == Zones::kRequired) {
    auto zoned = ParseZonedIpv6(text, parts.host, kServerForms);
    if (!zoned) return Unexpected(std::move(zoned).error());
    host = *std::move(zoned);
  } else {
    host = parts.in_brackets ? NormalizeIpv6(parts.host) : NormalizeIp(parts.host);
  }
  if (!host && parts.in_brackets) {
    return Fail(text, "has no valid IPv6 address in its brackets", kServerForms);
  }
  if (!host) {
    if (const auto fault = HostNameFault(parts.host)) return Fail(text, *fault, kServerForms);
    host = std::string(parts.host);
  }
  const auto port = ParsePort(parts.port, 1);
  if (!port) return Fail(text, "has a port that is not 1 to 65535", kServerForms);
  return Endpoint{kind, *host, *port, std::string(target)};
}

/// The errors do not contain the URL, which may be a secret.
EndpointResult ParseWebSocket(std::string_view url, Endpoint::Kind kind, Zones zones) {
  const bool is_secure = kind == Endpoint::Kind::kWss;
  const std::string_view rest = url.substr((is_secure ? kWssPrefix : kWsPrefix).size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  std::string target(rest.substr(authority.size()));
  const std::string_view shown = url.substr(0, url.find_first_of("?#"));
  if (authority.find('@') != std::string_view::npos) {
    return Unexpected(
        std::string("the URL has a user in it; expected 'headers' of 'websocket' with "
                    "an Authorization"));
  }
  if (target.find('#') != std::string::npos) return Fail(shown, "has a fragment", kServerForms);
  const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(target.begin(), target.end(), is_visible)) {
    return Fail(shown,
                "has a path or query with other characters than visible ASCII; expected "
                "them percent-encoded",
                "");
  }
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  std::string with_port(authority);
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port) with_port += ':' + std::to_string(is_secure ? kHttpsPort : kHttpPort);
  const auto parts = SplitHostAndPort(with_port, kServerForms);
  if (!parts) return Unexpected(parts.error());
  const auto percent = parts->host.find('%');
  if (zones == Zones::kRequired && percent != std::string_view::npos &&
      IsEscapedZone(parts->host.substr(percent + 1))) {
    return Fail(shown, "has '%25' before its zone; expected '%', as in [fe80::1%eth0]", "");
  }
  return MakeServer(shown, *parts, kind, target, zones);
}

/// `host` and the port of `endpoint`.
std::string AuthorityOf(const Endpoint& endpoint, std::string_view host) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string authority = is_ipv6 ? '[' + std::string(host) + ']' : std::string(host);
  const bool is_usual = (endpoint.kind == Endpoint::Kind::kWs && endpoint.port == kHttpPort) ||
                        (endpoint.kind == Endpoint::Kind::kWss && endpoint.port == kHttpsPort);
  return is_usual ? authority : authority + ':' + std::to_string(endpoint.port);
}

EndpointResult ParseAnyServer(std::string_view text, Zones zones) {
  if (text.starts_with(kUnixPrefix)) return ParseUnix(text, kServerForms);
  if (text.starts_with(kWsPrefix)) return ParseWebSocket(text, Endpoint::Kind::kWs, zones);
  if (text.starts_with(kWssPrefix)) return ParseWebSocket(text, Endpoint::Kind::kWss, zones);
  if (text.starts_with(kBuiltinPrefix)) {
    if (text == "builtin:echo") return Endpoint{Endpoint::Kind::kBuiltin, "echo", 0};
    return Fail(text, "is no built-in service", kServerForms);
  }
  if (text.starts_with(kSrvPrefix)) return ParseSrv(text);
  if (!text.empty() && std::all_of(text.begin(), text.end(), IsDigit) && ParsePort(text, 1)) {
    const std::string port(text);
    return Unexpected(Quote(text) + " is only a port; did you mean localhost:" + port + "?");
  }
  const auto parts = SplitHostAndPort(text, kServerForms);
  if (!parts) return Unexpected(parts.error());
  return MakeServer(text, *parts, Endpoint::Kind::kTcp, {}, zones);
}

EndpointResult ParseListenTcp(std::string_view text) {
  const auto digits = text.starts_with(':') ? text.substr(1) : text;
  if (!digits.empty() && std::all_of(digits.begin(), digits.end(), IsDigit)) {
    const auto port = ParsePort(digits, 0);
    if (!port) return Fail(text, "has a port that is not 0 to 65535", kListenForms);
    return Endpoint{Endpoint::Kind::kTcp, "::", *port};
  }
  if (NormalizeIp(text) && !NormalizeIpv6(text)) return Fail(text, "has no port", kListenForms);
  const auto parts = SplitHostAndPort(text, kListenForms);
  if (!parts) return Unexpected(parts.error());
  std::optional<std::string> ip;
  if (parts->in_brackets) {
    auto zoned = ParseZonedIpv6(text, parts->host, kListenForms);
    if (!zoned) return Unexpected(std::move(zoned).error());
    ip = *std::move(zoned);
  } else {
    ip = NormalizeIp(parts->host);
  }
  if (!ip) return Fail(text, "does not begin with an IP address", kListenForms);
  const auto port = ParsePort(parts->port, 0);
  if (!port) return Fail(text, "has a port that is not 0 to 65535", kListenForms);
  return Endpoint{Endpoint::Kind::kTcp, *ip, *port};
}

}  // namespace

std::string_view Endpoint::HostWithoutZone() const {
  const bool may_have_zone = kind == Kind::kTcp || is_websocket();
  return std::string_view(host).substr(0, may_have_zone ? host.find('%') : std::string::npos);
}

std::string Endpoint::ToString() const {
  switch (kind) {
    case Kind::kUnix:
      return std::string(kUnixPrefix) + host;
    case Kind::kBuiltin:
      return std::string(kBuiltinPrefix) + host;
    case Kind::kDynamic:
      return host;
    case Kind::kSrv:
      return std::string(kSrvPrefix) + host;
    case Kind::kWs:
      return std::string(kWsPrefix) + AuthorityOf(*this, host) + target.substr(0, target.find('?'));
    case Kind::kWss:
      return std::string(kWssPrefix) + AuthorityOf(*this, host) +
             target.substr(0, target.find('?'));
    case Kind::kTcp:
      break;
  }
  return AuthorityOf(*this, host);
}

std::string Endpoint::Authority() const {
  return AuthorityOf(*this, HostWithoutZone());
}

std::string Endpoint::CertificateName() const {
  return std::string(kind == Kind::kSrv ? AfterService(host) : HostWithoutZone());
}

base::Result<Endpoint, std::string> ParseServer(std::string_view text) {
  return ParseAnyServer(text, Zones::kRefused);
}

base::Result<Endpoint, std::string> ParseConfiguredServer(std::string_view text) {
  return ParseAnyServer(text, Zones::kRequired);
}

base::Result<Endpoint, std::string> ParseListenAddress(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return ParseUnix(text, kListenForms);
  return ParseListenTcp(text);
}

}  // namespace sluice::settings
