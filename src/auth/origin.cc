#include "sluice/auth/origin.h"

#include <algorithm>

#include "sluice/base/text.h"

namespace sluice::auth {
namespace {

/// The port that `scheme` stands for, as it would be written.
std::string_view DefaultPort(std::string_view scheme) {
  if (scheme == "http") return ":80";
  return scheme == "https" ? ":443" : "";
}

/// `authority` without `port` at its end, if it is there.
std::string_view WithoutPort(std::string_view authority, std::string_view port) {
  if (!port.empty() && authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

struct Origin {
  std::string scheme;
  std::string authority;  // Without the scheme's default port.
};

/// RFC 6454 section 7; nothing for `null` and for what is not an origin.
std::optional<Origin> Parse(std::string_view text) {
  const std::string lower = base::ToLower(text);
  const auto separator = lower.find("://");
  if (separator == std::string::npos) return std::nullopt;
  Origin origin;
  origin.scheme = lower.substr(0, separator);
  origin.authority =
      WithoutPort(std::string_view(lower).substr(separator + 3), DefaultPort(origin.scheme));
  return origin;
}

bool IsSameOrigin(std::string_view text, std::string_view host) {
  const auto origin = Parse(text);
  if (!origin || origin->authority.empty()) return false;
  const std::string own = base::ToLower(host);
  return origin->authority == WithoutPort(own, DefaultPort(origin->scheme));
}

// `entry` is canonical, and perhaps has a `*.` before its name; `origin` is the canonical text.
bool Fits(std::string_view entry, std::string_view origin) {
  const auto star = entry.find("://*.");
  if (star == std::string_view::npos) return entry == "*" || entry == origin;
  const std::string_view scheme = entry.substr(0, star + 3);
  const std::string_view suffix = entry.substr(star + 4);  // From the dot on.
  if (!origin.starts_with(scheme) || !origin.ends_with(suffix)) return false;
  // What the star stands for is a name: a port or a user there would be those of another host.
  const std::string_view labels = origin.substr(
      scheme.size(), origin.size() - std::min(origin.size(), scheme.size() + suffix.size()));
  return !labels.empty() && labels.find_first_of(":@/[]") == std::string_view::npos;
}

bool IsListed(std::string_view text, const std::vector<std::string>& allowed) {
  const auto origin = Parse(text);
  const std::string canonical =
      origin ? origin->scheme + "://" + origin->authority : base::ToLower(text);
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& entry) { return Fits(entry, canonical); });
}

}  // namespace

bool IsOriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                     const std::optional<std::vector<std::string>>& allowed, bool require) {
  if (!origin) return !require;
  return allowed ? IsListed(*origin, *allowed) : IsSameOrigin(*origin, host);
}

}  // namespace sluice::auth
