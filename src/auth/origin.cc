#include "sluice/auth/origin.h"

#include <algorithm>

#include "sluice/base/text.h"

namespace sluice::auth {
namespace {

/// Returns the default port of `scheme`, as text.
std::string_view DefaultPort(std::string_view scheme) {
  if (scheme == "http") return ":80";
  return scheme == "https" ? ":443" : "";
}

/// Returns `authority` without `port` at its end, if it has it.
std::string_view WithoutPort(std::string_view authority, std::string_view port) {
  if (!port.empty() && authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

struct Origin {
  std::string scheme;
  std::string host;
  std::string port;  // With the colon; empty: the scheme's default port.

  std::string authority() const { return host + port; }
};

/// Parses an origin (RFC 6454 section 7); unset for `null` and for other text. Entries of `origins`
/// have the same form.
std::optional<Origin> Parse(std::string_view text) {
  const std::string lower = base::ToLower(text);
  const auto separator = lower.find("://");
  if (separator == std::string::npos) return std::nullopt;
  Origin origin;
  origin.scheme = lower.substr(0, separator);
  const std::string_view authority =
      WithoutPort(std::string_view(lower).substr(separator + 3), DefaultPort(origin.scheme));
  // The colons of an IPv6 address are inside its brackets.
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  origin.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) origin.port = authority.substr(colon);
  return origin;
}

/// Returns true if a page of this scheme can have the same origin as a WebSocket server.
bool IsPageScheme(std::string_view scheme, bool is_tls) {
  return scheme == "https" || (scheme == "http" && !is_tls);
}

bool IsSameOrigin(std::string_view text, std::string_view host, bool is_tls) {
  const auto origin = Parse(text);
  if (!origin || origin->authority().empty()) return false;
  if (!IsPageScheme(origin->scheme, is_tls)) return false;
  const std::string own = base::ToLower(host);
  return origin->authority() == WithoutPort(own, DefaultPort(origin->scheme));
}

bool FitsHost(std::string_view entry, std::string_view host) {
  // For `*` in `moz-extension://*`.
  if (entry == "*") return !host.empty() && host.find_first_of("@/[]") == std::string_view::npos;
  if (!entry.starts_with("*.")) return entry == host;
  const std::string_view suffix = entry.substr(1);
  if (!host.ends_with(suffix)) return false;
  // The star matches a name only: with an `@`, it could match a user and another host.
  const std::string_view labels = host.substr(0, host.size() - suffix.size());
  return !labels.empty() && labels.find_first_of(":@/[]") == std::string_view::npos;
}

bool FitsPort(std::string_view entry, std::string_view port) {
  if (entry != ":*") return entry == port;
  return port.empty() || base::ParseNumber(port.substr(1), 65535);
}

bool Fits(const std::string& entry, std::string_view text, const std::optional<Origin>& origin) {
  if (entry == "*") return true;
  const auto wanted = Parse(entry);
  if (!wanted || !origin) return entry == text;
  return wanted->scheme == origin->scheme && FitsHost(wanted->host, origin->host) &&
         FitsPort(wanted->port, origin->port);
}

bool IsListed(std::string_view text, const std::vector<std::string>& allowed) {
  const auto origin = Parse(text);
  const std::string lower = base::ToLower(text);
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& entry) { return Fits(entry, lower, origin); });
}

}  // namespace

bool IsOriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                     const std::optional<std::vector<std::string>>& allowed, bool require,
                     bool is_tls) {
  if (!origin) return !require;
  return allowed ? IsListed(*origin, *allowed) : IsSameOrigin(*origin, host, is_tls);
}

}  // namespace sluice::auth
