#include "sluice/auth/credentials.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sluice/base/base64.h"
#include "sluice/base/text.h"

namespace sluice::auth {
namespace {

using settings::TokenSource;
using Token = std::optional<Found<std::string>>;

constexpr std::string_view kBearer = "bearer";

/// Credentials that are malformed or ambiguous.
Token Unreadable() {
  return Found<std::string>{std::nullopt};
}

Token Present(std::string_view text) {
  return Found<std::string>{std::string(text)};
}

/// Returns the text after `scheme` in the Authorization header.
Token FindAuthorization(const http::RequestHead& head, std::string_view scheme) {
  const auto value = head.Find("Authorization");
  if (!value) return std::nullopt;
  const auto space = value->find(' ');
  if (!base::EqualsIgnoringCase(value->substr(0, space), scheme)) return std::nullopt;
  if (head.Count("Authorization") != 1 || space == std::string_view::npos) return Unreadable();
  return Present(base::TrimWhitespace(value->substr(space)));
}

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = base::HexDigit(text[i + 1]);
    const auto low = base::HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

/// Returns the value of `name` among `name=value` pairs between `separator`s.
template <typename Decode>
Token FindPair(std::string_view pairs, char separator, std::string_view name, Decode decode) {
  Token found;
  while (!pairs.empty()) {
    const auto end = std::min(pairs.find(separator), pairs.size());
    const auto pair = base::TrimWhitespace(pairs.substr(0, end));
    pairs.remove_prefix(std::min(end + 1, pairs.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (found) return Unreadable();
    found = Found<std::string>{decode(pair.substr(equals + 1))};
  }
  return found;
}

Token FindCookie(const http::RequestHead& head, std::string_view name) {
  std::string cookies;
  for (const auto& header : head.headers) {
    if (!base::EqualsIgnoringCase(header.name, "Cookie")) continue;
    if (!cookies.empty()) cookies += ';';
    cookies += header.value;
  }
  return FindPair(cookies, ';', name,
                  [](std::string_view value) { return std::optional(std::string(value)); });
}

Token FindPathSegment(std::string_view path, const settings::PathPattern& pattern) {
  if (!pattern.is_prefix) return std::nullopt;
  // A capture of the pattern matches a segment of any length.
  size_t prefix = 0;
  for (auto left = std::count(pattern.path.begin(), pattern.path.end(), '/'); left > 0; --left) {
    prefix = path.find('/', prefix + 1);
    if (prefix == std::string_view::npos) return std::nullopt;
  }
  const auto rest = path.substr(prefix + 1);
  const auto segment = rest.substr(0, rest.find('/'));
  if (segment.empty()) return std::nullopt;
  return Present(segment);
}

Token FindHost(std::string_view host, std::string_view pattern) {
  std::string name = base::ToLower(host);
  const auto bracket = name.rfind(']');
  const auto colon = name.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    name.resize(colon);
  }
  if (name.ends_with('.')) name.pop_back();
  if (pattern.starts_with('*') && name.size() >= pattern.size()) {
    name.resize(name.size() - (pattern.size() - 1));
  }
  if (name.empty()) return std::nullopt;
  return Present(name);
}

Token FindSubprotocol(const http::RequestHead& head) {
  const std::string value = head.Joined("Sec-WebSocket-Protocol");
  const auto offers = base::SplitList(value);
  const auto bearer = std::find(offers.begin(), offers.end(), kBearer);
  if (bearer == offers.end()) return std::nullopt;
  if (bearer + 1 == offers.end()) return Unreadable();
  return Present(*(bearer + 1));
}

Token FindIn(const http::RequestHead& head, const settings::Match& match,
             const settings::TokenSource& source) {
  switch (source.kind) {
    case TokenSource::Kind::kAuthorization:
      return FindAuthorization(head, kBearer);
    case TokenSource::Kind::kSubprotocol:
      return FindSubprotocol(head);
    case TokenSource::Kind::kPath:
      return FindPathSegment(head.path, match.path);
    case TokenSource::Kind::kHost:
      return FindHost(head.host, match.host);
    case TokenSource::Kind::kQuery:
      return FindPair(head.query, '&', source.name, DecodePercent);
    case TokenSource::Kind::kCookie:
      return FindCookie(head, source.name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Found<UserAndPassword>> FindBasic(const http::RequestHead& head) {
  const auto encoded = FindAuthorization(head, "basic");
  if (!encoded) return std::nullopt;
  const auto text = encoded->value ? base::DecodeBase64(*encoded->value) : std::nullopt;
  const auto colon = text ? text->find(':') : std::string::npos;
  // crypt(3) would read a password only up to a NUL.
  if (colon == std::string::npos || text->find('\0') != std::string::npos) {
    return Found<UserAndPassword>{};
  }
  return Found<UserAndPassword>{{{text->substr(0, colon), text->substr(colon + 1)}}};
}

Token FindToken(const http::RequestHead& head, const settings::Match& match,
                const std::vector<settings::TokenSource>& sources) {
  for (const auto& source : sources) {
    auto token = FindIn(head, match, source);
    if (!token) continue;
    if (token->value && token->value->empty()) token->value.reset();
    return token;
  }
  return std::nullopt;
}

Digest IdentifyToken(const Found<std::string>& token) {
  return DigestOf(token.value.value_or(std::string()));
}

std::string WithoutBearer(std::string_view offers) {
  std::string others;
  bool is_token = false;
  for (const auto offer : base::SplitList(offers)) {
    const bool skip = std::exchange(is_token, offer == kBearer) || offer == kBearer;
    if (skip) continue;
    if (!others.empty()) others += ", ";
    others += offer;
  }
  if (!others.empty() || !base::ListContains(offers, kBearer)) return others;
  return std::string(kBearer);
}

bool ReadsTokenFrom(const settings::Route& route, settings::TokenSource::Kind kind) {
  const auto has_it = [kind](const std::vector<settings::TokenSource>& sources) {
    return std::any_of(sources.begin(), sources.end(),
                       [kind](const settings::TokenSource& source) { return source.kind == kind; });
  };
  return std::any_of(route.options.auth.begin(), route.options.auth.end(),
                     [&](const settings::AuthMethod& method) {
                       const auto* const jwt = std::get_if<settings::JwtAuth>(&method);
                       const auto* const token = std::get_if<settings::TokenAuth>(&method);
                       const auto* const ticket = std::get_if<settings::TicketAuth>(&method);
                       return (jwt && has_it(jwt->from)) || (token && has_it(token->from)) ||
                              (ticket && has_it(ticket->from));
                     });
}

}  // namespace sluice::auth
