#include "sluice/routing/match.h"

#include <algorithm>

#include "sluice/base/text.h"
#include "sluice/http/query.h"

namespace sluice::routing {
namespace {

using settings::NamedValues;

/// Returns the label that `{name}.example.com` captures; unset unless there is exactly one label
/// before the suffix.
std::optional<std::string_view> CaptureHost(std::string_view pattern, std::string_view host) {
  const std::string_view suffix = pattern.substr(pattern.find('.'));
  if (host.size() <= suffix.size() || !host.ends_with(suffix)) return std::nullopt;
  const std::string_view label = host.substr(0, host.size() - suffix.size());
  return label.find('.') == std::string_view::npos ? std::optional(label) : std::nullopt;
}

bool MatchesHost(std::string_view pattern, std::string_view host) {
  if (pattern.front() == '{') return CaptureHost(pattern, host).has_value();
  if (!pattern.starts_with("*.")) return pattern == host;
  // The star matches one or more labels.
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

/// Returns true if `path` matches the pattern's segments. Captured segments are added to
/// `captures`.
bool MatchesSegments(const settings::PathPattern& pattern, std::string_view path,
                     Captures* captures) {
  for (const settings::PathSegment& segment : pattern.segments) {
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

bool MatchesPath(const settings::PathPattern& pattern, std::string_view path) {
  if (pattern.has_captures()) return MatchesSegments(pattern, path, nullptr);
  if (!pattern.is_prefix) return path == pattern.path;
  if (!path.starts_with(pattern.path)) return false;
  return path.size() == pattern.path.size() || path[pattern.path.size()] == '/';
}

template <typename List, typename Value>
bool Has(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool HoldsFor(const NamedValues& wanted, const std::vector<std::string>& found) {
  if (wanted.values.empty()) return !found.empty();
  return std::any_of(found.begin(), found.end(),
                     [&wanted](const std::string& value) { return Has(wanted.values, value); });
}

bool HoldsForHeader(const NamedValues& wanted, const http::RequestHead& head) {
  return std::any_of(head.headers.begin(), head.headers.end(), [&](const http::Header& header) {
    return base::EqualsIgnoringCase(header.name, wanted.name) &&
           (wanted.values.empty() || Has(wanted.values, header.value));
  });
}

bool MatchesSni(const settings::Match& match, const RequestFacts& facts) {
  return match.sni.empty() ||
         std::any_of(match.sni.begin(), match.sni.end(), [&facts](const std::string& pattern) {
           return MatchesHost(pattern, facts.sni);
         });
}

bool MatchesCertificate(const settings::Match& match, const RequestFacts& facts) {
  if (match.certificate.empty()) return true;
  return std::any_of(facts.certificate.begin(), facts.certificate.end(),
                     [&match](const std::string& name) {
                       return std::any_of(match.certificate.begin(), match.certificate.end(),
                                          [&name](const std::string& pattern) {
                                            return base::MatchesCertificateName(pattern, name);
                                          });
                     });
}

bool OffersSubprotocol(const settings::Match& match, const http::RequestHead& head) {
  if (match.subprotocols.empty()) return true;
  const std::string value = head.Joined("Sec-WebSocket-Protocol");
  const auto offers = base::SplitList(value);
  return std::any_of(offers.begin(), offers.end(),
                     [&match](std::string_view offer) { return Has(match.subprotocols, offer); });
}

std::optional<Mismatch> FindMismatchInRequest(const settings::Match& match,
                                              const RequestFacts& facts) {
  const http::RequestHead& head = *facts.head;
  if (!match.host.empty() && !MatchesHost(match.host, facts.host)) {
    return Mismatch{Condition::kHost};
  }
  if (!match.any_path && !MatchesPath(match.path, head.path)) return Mismatch{Condition::kPath};
  if (match.upgrade && *match.upgrade != head.WantsUpgrade()) return Mismatch{Condition::kUpgrade};
  if (!OffersSubprotocol(match, head)) return Mismatch{Condition::kSubprotocol};
  for (const NamedValues& wanted : match.headers) {
    if (!HoldsForHeader(wanted, head)) return Mismatch{Condition::kHeader, wanted.name};
  }
  for (const NamedValues& wanted : match.query) {
    if (!HoldsFor(wanted, http::QueryValues(head.query, wanted.name))) {
      return Mismatch{Condition::kQuery, wanted.name};
    }
  }
  return std::nullopt;
}

/// Returns the first condition on a request, none of which holds for a connection without a
/// request.
std::optional<Mismatch> FindConditionOfRequest(const settings::Match& match) {
  if (!match.host.empty()) return Mismatch{Condition::kHost};
  if (!match.any_path) return Mismatch{Condition::kPath};
  if (match.upgrade) return Mismatch{Condition::kUpgrade};
  if (!match.subprotocols.empty()) return Mismatch{Condition::kSubprotocol};
  if (!match.headers.empty()) return Mismatch{Condition::kHeader, match.headers.front().name};
  if (!match.query.empty()) return Mismatch{Condition::kQuery, match.query.front().name};
  if (!match.claims.empty()) return Mismatch{Condition::kClaim, match.claims.front().name};
  return std::nullopt;
}

}  // namespace

std::optional<Mismatch> FindMismatch(const settings::Match& match, const RequestFacts& facts) {
  if (!match.listeners.empty() && !Has(match.listeners, facts.listener)) {
    return Mismatch{Condition::kListener};
  }
  if (match.client && !match.client->Contain(facts.client)) return Mismatch{Condition::kClient};
  if (!MatchesSni(match, facts)) return Mismatch{Condition::kSni};
  if (!MatchesCertificate(match, facts)) return Mismatch{Condition::kCertificate};
  return facts.head != nullptr ? FindMismatchInRequest(match, facts)
                               : FindConditionOfRequest(match);
}

std::optional<Mismatch> FindMissingClaim(const settings::Match& match, const ClaimValues& claims) {
  for (const NamedValues& wanted : match.claims) {
    if (!HoldsFor(wanted, claims(wanted.name))) return Mismatch{Condition::kClaim, wanted.name};
  }
  return std::nullopt;
}

Captures CapturesOf(const settings::Match& match, std::string_view host, std::string_view path) {
  Captures captures;
  if (match.host.starts_with('{')) {
    const std::string_view name = std::string_view(match.host).substr(1, match.host.find('}') - 1);
    captures.emplace_back(name, CaptureHost(match.host, host).value_or(""));
  }
  if (match.path.has_captures()) MatchesSegments(match.path, path, &captures);
  return captures;
}

}  // namespace sluice::routing
