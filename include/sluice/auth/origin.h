// Which pages may connect. A browser lets any page open a WebSocket to any server, with the user's
// cookies and from inside the user's network; the Origin header that it then sends is the only
// thing that stands against cross-site WebSocket hijacking (RFC 6455 section 10.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

/// Whether a request with this Origin and this authority (the Host) is let in. `allowed` holds
/// origins in lower case without default ports, `*`, or origins with a `*.` before the name; unset:
/// same origin only. Schemes are not compared then, since a proxy in front may end TLS. Without an
/// Origin the request does not come from a browser, and passes unless one is required.
bool IsOriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                     const std::optional<std::vector<std::string>>& allowed, bool require = false);

}  // namespace sluice::auth
