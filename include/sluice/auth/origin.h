// Which pages may connect. A browser lets any page open a WebSocket to any server, with the user's
// cookies and from inside the user's network; the Origin header that it then sends is the only
// thing that stands against cross-site WebSocket hijacking (RFC 6455 section 10.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

/// Returns true if a request with this Origin and this authority (the Host) may connect. `allowed`
/// holds entries as config::ParseOrigin returns them; unset: same origin only, and only pages from
/// `https:` or `http:`. `is_tls`: the client is known to use TLS, so that a page from `http:` is
/// not of the same origin. If the client is not known to use TLS, both schemes are accepted,
/// because a proxy in front may end TLS. Without an Origin the request does not come from a
/// browser, and passes unless an Origin is required.
bool IsOriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                     const std::optional<std::vector<std::string>>& allowed, bool require = false,
                     bool is_tls = false);

}  // namespace sluice::auth
