#include "config/covers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/text.h"

namespace sluice::config {
namespace {

using Texts = std::vector<std::string>;

bool HostCovers(std::string_view a, std::string_view b) {
  if (a.empty() || a == b) return true;
  if (a.front() == '{') {
    // Any one label before the suffix; a `*` may stand for more.
    const auto suffix = a.substr(a.find('.'));
    const auto label = b.substr(0, b.find('.'));
    return label != "*" && b.substr(label.size()) == suffix;
  }
  // `*.x` covers `y.x` and `*.y.x`. It does not cover `x` itself.
  return a.starts_with("*.") && b.size() > a.size() - 1 && b.ends_with(a.substr(1));
}

// Iterates over the segments of a path without allocating, since each route is compared with all.
class Pieces {
 public:
  explicit Pieces(const settings::PathPattern& pattern)
      : pattern_(pattern), rest_(pattern.has_captures() ? std::string_view() : pattern.path) {}

  struct Piece {
    bool is_capture;
    std::string_view text;
  };

  std::optional<Piece> Next() {
    if (pattern_.has_captures()) {
      if (next_ == pattern_.segments.size()) return std::nullopt;
      const settings::PathSegment& segment = pattern_.segments[next_++];
      return Piece{segment.is_capture, segment.text};
    }
    if (rest_.empty()) return std::nullopt;
    rest_.remove_prefix(1);
    const auto text = rest_.substr(0, rest_.find('/'));
    rest_.remove_prefix(text.size());
    return Piece{false, text};
  }

 private:
  const settings::PathPattern& pattern_;
  std::string_view rest_;
  size_t next_ = 0;
};

bool PieceCovers(const Pieces::Piece& a, const Pieces::Piece& b) {
  if (a.is_capture) return b.is_capture || !b.text.empty();
  return !b.is_capture && a.text == b.text;
}

bool PathCovers(const settings::PathPattern& a, const settings::PathPattern& b) {
  Pieces of_a(a);
  Pieces of_b(b);
  while (const auto piece = of_a.Next()) {
    const auto other = of_b.Next();
    if (!other || !PieceCovers(*piece, *other)) return false;
  }
  if (a.is_prefix) return true;
  const bool has_more = of_b.Next().has_value();
  // A `{rest...}` is never empty, a `/**` may be.
  if (!a.rest.empty()) return !b.rest.empty() || has_more;
  return !has_more && !b.is_prefix && b.rest.empty();
}

bool IsOpen(const settings::PathPattern& pattern) {
  return pattern.is_prefix || !pattern.rest.empty();
}

// Returns true if there are paths that both match.
bool PathsMeet(const settings::PathPattern& a, const settings::PathPattern& b) {
  Pieces of_a(a);
  Pieces of_b(b);
  for (;;) {
    const auto piece = of_a.Next();
    const auto other = of_b.Next();
    if (!piece && !other) return IsOpen(a) == IsOpen(b) || a.is_prefix || b.is_prefix;
    if (!piece) return IsOpen(a);
    if (!other) return IsOpen(b);
    if (!PieceCovers(*piece, *other) && !PieceCovers(*other, *piece)) return false;
  }
}

bool HostsMeet(std::string_view a, std::string_view b) {
  return b.empty() || HostCovers(a, b) || HostCovers(b, a);
}

// Returns true if each alternative of `b` is covered by one of `a`; `covers` compares two.
template <typename List, typename Equal>
bool ListCovers(const List& a, const List& b, Equal covers) {
  if (a.empty()) return true;
  return !b.empty() && std::all_of(b.begin(), b.end(), [&](const auto& one) {
    return std::any_of(a.begin(), a.end(), [&](const auto& other) { return covers(other, one); });
  });
}

template <typename List>
bool ListCovers(const List& a, const List& b) {
  return ListCovers(a, b, [](const auto& x, const auto& y) { return x == y; });
}

// Returns true if `b` requires everything that `a` requires: all of the names.
bool NamesCover(const std::vector<settings::NamedValues>& a,
                const std::vector<settings::NamedValues>& b,
                bool (*is_same_name)(std::string_view, std::string_view)) {
  return std::all_of(a.begin(), a.end(), [&](const settings::NamedValues& wanted) {
    return std::any_of(b.begin(), b.end(), [&](const settings::NamedValues& other) {
      return is_same_name(wanted.name, other.name) && ListCovers(wanted.values, other.values);
    });
  });
}

bool IsEqual(std::string_view a, std::string_view b) {
  return a == b;
}

bool ClientCovers(const std::optional<settings::Sources>& a,
                  const std::optional<settings::Sources>& b) {
  if (!a) return true;
  if (!b || (b->unix_sockets && !a->unix_sockets)) return false;
  return std::all_of(b->ranges.begin(), b->ranges.end(), [&a](const base::IpRange& range) {
    return std::any_of(a->ranges.begin(), a->ranges.end(),
                       [&range](const base::IpRange& other) { return other.Covers(range); });
  });
}

bool CertificateCovers(const std::string& a, const std::string& b) {
  return a == b || base::MatchesCertificateName(a, b);
}

}  // namespace

bool Covers(const settings::Match& a, const settings::Match& b) {
  return HostCovers(a.host, b.host) && (a.any_path || !b.any_path) && PathCovers(a.path, b.path) &&
         (!a.upgrade || a.upgrade == b.upgrade) && ListCovers(a.listeners, b.listeners) &&
         ListCovers(a.subprotocols, b.subprotocols) && ClientCovers(a.client, b.client) &&
         ListCovers(a.sni, b.sni, HostCovers) &&
         ListCovers(a.certificate, b.certificate, CertificateCovers) &&
         NamesCover(a.headers, b.headers, base::EqualsIgnoringCase) &&
         NamesCover(a.query, b.query, IsEqual) && NamesCover(a.claims, b.claims, IsEqual);
}

bool Cross(const settings::Match& a, const settings::Match& b) {
  // Without a capture, one includes the other, or no path matches both.
  if (!a.path.has_captures() && !b.path.has_captures()) return false;
  if (!PathsMeet(a.path, b.path) || !HostsMeet(a.host, b.host)) return false;
  if (PathCovers(a.path, b.path) || PathCovers(b.path, a.path)) return false;
  // Different conditions show that the author distinguishes them on purpose.
  return a.upgrade == b.upgrade && a.listeners == b.listeners && a.subprotocols == b.subprotocols &&
         a.client.has_value() == b.client.has_value() && a.sni == b.sni &&
         a.certificate == b.certificate && a.headers == b.headers && a.query == b.query &&
         a.claims == b.claims;
}

}  // namespace sluice::config
