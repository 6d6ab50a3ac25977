// Decides which web pages may connect. A browser lets any page open a WebSocket to any server, with
// the user's cookies and from inside the user's network. Only the Origin header that it then sends
// protects against cross-site WebSocket hijacking (RFC 6455 section 10.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

/// Returns true if a request with this Origin and this authority (the Host) may connect. `allowed`
/// contains results of config::ParseOrigin; unset: only the same origin, and only pages from
/// `https:` or `http:`. `is_tls`: the client is known to use TLS, so a page from `http:` has
/// another origin. Otherwise both schemes are accepted, because a proxy in front may end TLS. A
/// request without an Origin does not come from a browser, and is accepted unless an Origin is
/// required.
bool IsOriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                     const std::optional<std::vector<std::string>>& allowed, bool require = false,
                     bool is_tls = false);

}  // namespace sluice::auth
