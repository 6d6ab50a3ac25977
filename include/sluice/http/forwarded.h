// Who the client is when proxies stand in front: the headers by which they tell. Pure.
//
// Each proxy appends the address that it was connected from. So only what trusted proxies have
// appended counts, read from the right: the first address that is no trusted proxy's is the
// client's, and what stands left of it is the client's own word.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/ip.h"

namespace sluice::http {

/// An element of such a header.
struct ForwardedNode {
  std::optional<base::IpAddress> ip;  ///< nothing if it is unknown, hidden, or no address
  uint16_t port = 0;                  ///< 0 if it does not say
  bool is_https = false;              ///< the request came to the proxy by https; only Forwarded

  bool operator==(const ForwardedNode&) const = default;
};

/// The elements of X-Forwarded-For, its fields joined by commas: addresses, some write a port, too.
std::vector<ForwardedNode> ParseXForwardedFor(std::string_view value);

/// The `for` of each element of Forwarded (RFC 7239), its fields joined by commas. Nothing if it
/// breaks the grammar: where its elements begin and end is then not sure.
std::optional<std::vector<ForwardedNode>> ParseForwarded(std::string_view value);

/// Returns true if the value of X-Forwarded-Proto, its fields joined by commas, is `https` and
/// nothing else.
bool IsForwardedHttps(std::string_view value);

/// The client, by the rule above. An element that names no address hides what is left of it: then
/// it is the last trusted proxy before it, and nothing if there is none, which also stands for no
/// elements at all.
std::optional<ForwardedNode> ClientAmong(
    const std::vector<ForwardedNode>& nodes,
    const std::function<bool(const base::IpAddress&)>& is_trusted);

}  // namespace sluice::http
