#include "sluice/routing/router.h"

#include <string>

#include "sluice/base/text.h"

namespace sluice::routing {
namespace {

bool MatchesHost(std::string_view pattern, std::string_view host) {
  if (pattern.empty()) return true;
  if (!pattern.starts_with("*.")) return pattern == host;
  // The star stands for one label or more, never for none.
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

bool MatchesPath(const config::PathPattern& pattern, std::string_view path) {
  if (!pattern.is_prefix) return path == pattern.path;
  if (!path.starts_with(pattern.path)) return false;
  return path.size() == pattern.path.size() || path[pattern.path.size()] == '/';
}

}  // namespace

std::string NormalizeHost(std::string_view host) {
  // The colons of an IPv6 address stand inside its brackets.
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = host.substr(0, colon);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return base::ToLower(host);
}

bool Matches(const config::Match& match, std::string_view host, std::string_view path) {
  return MatchesHost(match.host, host) && MatchesPath(match.path, path);
}

std::optional<size_t> Router::Find(std::string_view host, std::string_view path) const {
  const std::string name = NormalizeHost(host);
  for (size_t i = 0; i < config_.routes.size(); ++i) {
    if (Matches(config_.routes[i].match, name, path)) return i;
  }
  return std::nullopt;
}

}  // namespace sluice::routing
