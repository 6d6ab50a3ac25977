#include "sluice/routing/router.h"

#include <string>

#include "sluice/base/text.h"

namespace sluice::routing {
namespace {

// `{name}.example.com`: the label before the suffix, nothing if there is not just one.
std::optional<std::string_view> CaptureHost(std::string_view pattern, std::string_view host) {
  const std::string_view suffix = pattern.substr(pattern.find('.'));
  if (host.size() <= suffix.size() || !host.ends_with(suffix)) return std::nullopt;
  const std::string_view label = host.substr(0, host.size() - suffix.size());
  return label.find('.') == std::string_view::npos ? std::optional(label) : std::nullopt;
}

bool MatchesHost(std::string_view pattern, std::string_view host) {
  if (pattern.empty()) return true;
  if (pattern.front() == '{') return CaptureHost(pattern, host).has_value();
  if (!pattern.starts_with("*.")) return pattern == host;
  // The star stands for one label or more, never for none.
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

// Whether `path` is as the pattern's segments say; what they capture goes to `captures`.
bool MatchesSegments(const config::PathPattern& pattern, std::string_view path,
                     Captures* captures) {
  for (const config::PathSegment& segment : pattern.segments) {
    if (path.empty()) return false;
    path.remove_prefix(1);
    const std::string_view piece = path.substr(0, path.find('/'));
    path.remove_prefix(piece.size());
    if (segment.is_capture ? piece.empty() : piece != segment.text) return false;
    if (segment.is_capture && captures != nullptr) captures->emplace_back(segment.text, piece);
  }
  if (pattern.rest.empty()) return path.empty() || pattern.is_prefix;
  if (path.size() < 2) return false;
  if (captures != nullptr) captures->emplace_back(pattern.rest, path.substr(1));
  return true;
}

bool MatchesPath(const config::PathPattern& pattern, std::string_view path) {
  if (pattern.has_captures()) return MatchesSegments(pattern, path, nullptr);
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

Captures CapturesOf(const config::Match& match, std::string_view host, std::string_view path) {
  Captures captures;
  if (match.host.starts_with('{')) {
    const std::string_view name = std::string_view(match.host).substr(1, match.host.find('}') - 1);
    captures.emplace_back(name, CaptureHost(match.host, host).value_or(""));
  }
  if (match.path.has_captures()) MatchesSegments(match.path, path, &captures);
  return captures;
}

std::optional<size_t> Router::Find(std::string_view host, std::string_view path) const {
  const std::string name = NormalizeHost(host);
  for (size_t i = 0; i < config_.routes.size(); ++i) {
    if (Matches(config_.routes[i].match, name, path)) return i;
  }
  return std::nullopt;
}

}  // namespace sluice::routing
