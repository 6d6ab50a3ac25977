#include "target.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <arpa/inet.h>

#include "sluice/base/text.h"

namespace sluice::http {
namespace {

using base::Unexpected;

Unexpected<Refusal> InvalidTarget(std::string detail) {
  return Unexpected(Refusal{base::Cause::kBadRequest, std::move(detail)});
}

base::Result<std::string, Refusal> DecodePath(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded += path[i];
      continue;
    }
    const auto high = i + 2 < path.size() ? base::HexDigit(path[i + 1]) : std::nullopt;
    const auto low = i + 2 < path.size() ? base::HexDigit(path[i + 2]) : std::nullopt;
    if (!high || !low) return InvalidTarget("the path has a % without two hexadecimal digits");
    const int byte = *high * 16 + *low;
    if (byte < 0x20 || byte == 0x7f)
      return InvalidTarget("the path has an escaped control character");
    if (byte == '/') {
      decoded += path.substr(i, 3);
    } else {
      decoded += static_cast<char>(byte);
    }
    i += 2;
  }
  return decoded;
}

bool HasKnownScheme(std::string_view scheme) {
  constexpr std::array<std::string_view, 4> kSchemes = {"http", "https", "ws", "wss"};
  return std::any_of(kSchemes.begin(), kSchemes.end(), [scheme](std::string_view known) {
    return base::EqualsIgnoringCase(scheme, known);
  });
}

bool IsIpv6(std::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

// RFC 3986 section 3.2.2, reg-name: unreserved and sub-delims. Escapes are not accepted, because
// names that can be resolved do not contain them.
bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
  });
}

}  // namespace

base::Result<Target, Refusal> ParseTarget(std::string_view target) {
  Target parsed;
  if (!target.starts_with('/')) {
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos || !HasKnownScheme(target.substr(0, scheme_end))) {
      return InvalidTarget("the request target is neither a path nor an http or ws URL");
    }
    target.remove_prefix(scheme_end + 3);
    const auto authority_end = std::min(target.find_first_of("/?"), target.size());
    auto authority = ParseAuthority(target.substr(0, authority_end));
    if (!authority) return InvalidTarget("the host in the request target " + authority.error());
    parsed.authority = *std::move(authority);
    target.remove_prefix(authority_end);
  }
  const auto path_end = std::min(target.find('?'), target.size());
  auto path = DecodePath(target.substr(0, path_end));
  if (!path) return Unexpected(std::move(path).error());
  // Only an absolute form can lack a path (RFC 9110 section 4.2.3).
  parsed.path = path->empty() ? "/" : *std::move(path);
  if (path_end < target.size()) parsed.query = target.substr(path_end + 1);
  return parsed;
}

base::Result<std::string, std::string> ParseAuthority(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) {
    return Unexpected(std::string("names a user, expected host[:port]"));
  }
  std::string_view host = authority;
  std::string_view rest;
  bool is_good = false;
  if (authority.starts_with('[')) {
    const auto end = std::min(authority.find(']'), authority.size() - 1);
    host = authority.substr(0, end + 1);
    rest = authority.substr(end + 1);
    is_good = host.ends_with(']') && IsIpv6(host.substr(1, host.size() - 2));
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
    is_good = IsName(host);
  }
  if (!is_good) return Unexpected(std::string("is not a valid host[:port]"));
  if (rest.empty() || rest == ":") return std::string(host);
  if (rest.front() != ':' || !base::ParseNumber(rest.substr(1), 65535)) {
    return Unexpected(std::string("has no valid port, expected host[:port]"));
  }
  return std::string(authority);
}

}  // namespace sluice::http
