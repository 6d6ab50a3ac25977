#include "sluice/config/patterns.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "sluice/base/text.h"
#include "sluice/settings/address_text.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"

#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;

bool HasPercentEscape(std::string_view text) {
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '%' && base::HexDigit(text[i + 1]) && base::HexDigit(text[i + 2])) return true;
  }
  return false;
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

// Returns the name in `{name}`, or nothing for other texts. `end` is the text after the name.
std::optional<std::string_view> CaptureIn(std::string_view text, std::string_view end = "}") {
  if (!text.starts_with('{') || !text.ends_with(end)) return std::nullopt;
  const auto name = text.substr(1, text.size() - std::min(text.size(), 1 + end.size()));
  return IsName(name) ? std::optional(name) : std::nullopt;
}

bool HasBrace(std::string_view text) {
  return text.find_first_of("{}") != std::string_view::npos;
}

// Splits a path with braces into its segments. `path` is without a `/**`.
base::Result<void, std::string> ReadCaptures(std::string_view text,
                                             settings::PathPattern& pattern) {
  const auto fail = [text] {
    return Unexpected(settings::Expected(
        "a '{name}' (letters, digits and '_') that stands alone between two '/', or a '{name...}' "
        "at the end",
        text));
  };
  std::string_view rest = pattern.path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    constexpr std::string_view kRest = "...}";
    if (segment.ends_with(kRest) && rest.empty() && !pattern.is_prefix) {
      const auto name = CaptureIn(segment, kRest);
      if (!name) return fail();
      pattern.rest = *name;
      continue;
    }
    const auto name = CaptureIn(segment);
    if (!name && HasBrace(segment)) return fail();
    pattern.segments.push_back({name.has_value(), std::string(name.value_or(segment))});
  }
  return {};
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool IsScheme(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
                  c == '.';
         });
}

// Parses the host of an origin as a browser writes it, an IPv6 address in brackets.
std::optional<std::string> NormalizeOriginHost(std::string_view host) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 2) return std::nullopt;
    const auto ip = settings::NormalizeIpv6(host.substr(1, host.size() - 2));
    return ip ? std::optional('[' + *ip + ']') : std::nullopt;
  }
  if (settings::NormalizeIpv6(host)) return std::nullopt;  // lacks its brackets
  if (const auto ip = settings::NormalizeIp(host)) return ip;
  const auto name = host.substr(host.starts_with("*.") ? 2 : 0);
  return settings::HostNameFault(name) ? std::nullopt : std::optional(std::string(host));
}

bool IsWeb(std::string_view scheme) {
  return scheme == "http" || scheme == "https";
}

// Returns `:*` or `:8080`; empty for the default port of the scheme.
std::optional<std::string> NormalizeOriginPort(std::string_view scheme, std::string_view text) {
  if (text == "*") return ":*";
  const auto port = settings::ParsePort(text, 1);
  if (!port) return std::nullopt;
  const bool is_default = (scheme == "http" && *port == 80) || (scheme == "https" && *port == 443);
  return is_default ? std::string() : ':' + std::to_string(*port);
}

// Parses `host` or `host:port`, and omits the default port of the scheme.
std::optional<std::string> NormalizeAuthority(std::string_view scheme, std::string_view authority) {
  if (scheme == "file") return authority.empty() ? std::optional(std::string()) : std::nullopt;
  if (authority == "*" && !IsWeb(scheme)) return std::string(authority);
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const auto host = NormalizeOriginHost(authority.substr(0, colon));
  if (!host || colon == std::string_view::npos) return host;
  const auto port = NormalizeOriginPort(scheme, authority.substr(colon + 1));
  return port ? std::optional(*host + *port) : std::nullopt;
}

// Returns why a URL cannot be an origin, for frequent mistakes.
std::optional<std::string> OriginFault(std::string_view scheme, std::string_view authority) {
  if (scheme == "ws" || scheme == "wss") {
    const std::string page = scheme == "ws" ? "http" : "https";
    return "an origin is that of a page, not of a WebSocket: expected '" + page + "://" +
           std::string(authority) + "'";
  }
  if (scheme == "data" || scheme == "blob" || scheme == "about" || scheme == "javascript") {
    return "a page of '" + std::string(scheme) +
           ":' has no origin of its own: its browser sends 'null'";
  }
  if (IsWeb(scheme) && (authority == "*" || authority.starts_with("*:"))) {
    return "any host of '" + std::string(scheme) + "' is any page: expected the hosts, or '*'";
  }
  if (scheme == "file" && !authority.empty()) {
    return "a page in a file has no host: expected 'file://'";
  }
  if (authority.size() > 1 && authority.ends_with('/')) {
    return "an origin has no path: take out the '/' at the end";
  }
  return std::nullopt;
}

}  // namespace

Parsed<std::string> ParseHostPattern(std::string_view text) {
  if (text.starts_with('{')) {
    const auto dot = text.find('.');
    const auto rest = dot == std::string_view::npos ? "" : base::ToLower(text.substr(dot));
    if (CaptureIn(text.substr(0, dot)) && rest.size() > 1 &&
        !settings::HostNameFault(rest.substr(1))) {
      return std::string(text.substr(0, dot)) + rest;
    }
    return Unexpected(settings::Expected("a capture and a name, such as {name}.example.com", text));
  }
  auto host = base::ToLower(text);
  if (host.ends_with('.')) host.pop_back();
  const auto name = std::string_view(host).substr(host.starts_with("*.") ? 2 : 0);
  const bool is_ipv4 =
      name == host && settings::NormalizeIp(name) && !settings::NormalizeIpv6(name);
  if (is_ipv4 || !settings::HostNameFault(name)) return host;
  return Unexpected(settings::Expected(
      "a host name such as www.example.com, *.example.com or {name}.example.com, without "
      "a port (leave 'host' out for "
      "any host)",
      text));
}

Parsed<settings::PathPattern> ParsePathPattern(std::string_view text) {
  if (!text.starts_with('/'))
    return Unexpected(settings::Expected("a path that begins with '/'", text));
  settings::PathPattern pattern;
  pattern.is_prefix = text.ends_with("/**");
  pattern.path = text.substr(0, text.size() - (pattern.is_prefix ? 3 : 0));
  if (pattern.path.find('*') != std::string::npos) {
    return Unexpected(settings::Expected(
        "a '*' only in a '/**' at the end (that path and everything below it)", text));
  }
  if (pattern.path.find_first_of("?#") != std::string::npos) {
    return Unexpected(
        settings::Expected("a path without '?' and '#' (the query has a key of its own)", text));
  }
  if (HasPercentEscape(pattern.path)) {
    return Unexpected(settings::Expected(
        "a path without percent-escapes (requests are decoded before they are compared)", text));
  }
  if (HasControlCharacter(pattern.path)) {
    return Unexpected(settings::Expected("a path without control characters", text));
  }
  if (HasBrace(pattern.path)) {
    if (auto read = ReadCaptures(text, pattern); !read) return Unexpected(read.error());
  }
  return pattern;
}

Parsed<std::string> ParseCertificateName(std::string_view text) {
  const auto fail = [text](const char* expected) {
    return Unexpected(settings::Expected(expected, text));
  };
  const auto type = text.substr(0, std::min(text.find(':'), text.size()));
  if (type != "dns" && type != "uri" && type != "email" && type != "cn") {
    return fail(
        "a name with its type, such as dns:host.example.com, dns:*.example.com, "
        "uri:spiffe://example.org/billing, email:anna@example.org or cn:anna");
  }
  const auto name = text.substr(std::min(type.size() + 1, text.size()));
  if (name.empty() || HasControlCharacter(name)) {
    return fail("a name after its type, without control characters");
  }
  if (type != "dns") {
    if (!name.starts_with("*")) return std::string(text);
    return fail("an exact name: a star stands for the first label of a dns: name alone");
  }
  const auto host = name.substr(name.starts_with("*.") ? 2 : 0);
  if (host.empty() || host.find('*') != std::string_view::npos) {
    return fail("a host name after dns:, or *. and a host name");
  }
  return std::string(text);
}

Parsed<std::string> ParseHostName(std::string_view text) {
  if (text == "*") return std::string(text);
  auto name = ParseHostPattern(text);
  if (name && !name->starts_with('{')) return name;
  return Unexpected(settings::Expected(
      "a host name such as www.example.com or *.example.com, without a port, or '*' for "
      "any name",
      text));
}

Parsed<std::string> ParseOrigin(std::string_view text) {
  if (text == "*" || text == "null") return std::string(text);
  const auto origin = base::ToLower(text);
  const auto colon = origin.find(':');
  const auto scheme = origin.substr(0, colon);
  const bool has_slashes = colon != std::string::npos && origin.substr(colon).starts_with("://");
  const auto authority = has_slashes ? origin.substr(colon + 3) : std::string();
  if (const auto fault = OriginFault(scheme, authority)) {
    return Unexpected(*fault + ", found " + settings::Quote(text));
  }
  if (has_slashes && IsScheme(scheme)) {
    if (const auto normal = NormalizeAuthority(scheme, authority)) {
      return scheme + "://" + *normal;
    }
  }
  return Unexpected(settings::Expected(
      "an origin such as https://www.example.com, https://*.example.com, "
      "http://localhost:* or moz-extension://* (no path, no '/' at the end), '*' or "
      "'null'",
      text));
}

}  // namespace sluice::config
