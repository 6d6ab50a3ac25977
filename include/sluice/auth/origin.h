// Which pages may connect. A browser lets any page open a WebSocket to any server, with the user's
// cookies and from inside the user's network; the Origin header that it then sends is the only
// thing that stands against cross-site WebSocket hijacking (RFC 6455 section 10.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

/// Whether a request with this Origin (nothing: it had none, so no browser sent it, and it may
/// pass) and this authority (the Host) is let in. `allowed` holds origins in lower case without
/// default ports, or
/// `*`; unset: same origin only. Schemes are not compared then, since a proxy in front may end TLS.
bool IsOriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                     const std::optional<std::vector<std::string>>& allowed);

}  // namespace sluice::auth
