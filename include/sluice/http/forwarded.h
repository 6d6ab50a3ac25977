// The headers in which proxies report the client's address. Pure.
//
// Each proxy appends the address of its client. Only entries of trusted proxies count, so the list
// is read from the right: the first address that is not a trusted proxy's is the client's. The
// entries to its left may be forged by the client.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/ip.h"

namespace sluice::http {

/// One element of such a header.
struct ForwardedNode {
  std::optional<base::IpAddress> ip;  ///< unset if it is unknown, hidden, or not an address
  uint16_t port = 0;                  ///< 0: unknown
  bool is_https = false;              ///< the proxy received the request by https; only Forwarded

  bool operator==(const ForwardedNode&) const = default;
};

/// Parses X-Forwarded-For, its fields joined by commas. The elements are addresses, some with a
/// port.
std::vector<ForwardedNode> ParseXForwardedFor(std::string_view value);

/// Parses the `for` of each element of Forwarded (RFC 7239), its fields joined by commas. Unset if
/// the value breaks the grammar, because the limits of its elements are then unknown.
std::optional<std::vector<ForwardedNode>> ParseForwarded(std::string_view value);

/// Returns true if the value of X-Forwarded-Proto, its fields joined by commas, is `https` and
/// nothing else.
bool IsForwardedHttps(std::string_view value);

/// Returns the client by the rule above; unset if there are no elements. An element without an
/// address hides the elements to its left: then the result is the trusted proxy to its right, or
/// unset if there is none.
std::optional<ForwardedNode> ClientAmong(
    const std::vector<ForwardedNode>& nodes,
    const std::function<bool(const base::IpAddress&)>& is_trusted);

}  // namespace sluice::http
