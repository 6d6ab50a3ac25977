// Checks of a request that do not depend on the client: valid upgrade, allowed origin. Pure: the
// gateway and `sluice explain` use the same functions.
#pragma once

#include <optional>

#include "sluice/http/request.h"
#include "sluice/settings/session_options.h"

namespace sluice::intake {

/// Returns the refusal of a request that is not a valid upgrade (RFC 6455 section 4.2.1), or whose
/// Origin the route does not allow. `uses_tls`: the client is known to use TLS.
std::optional<http::Refusal> CheckUpgradeRequest(const http::RequestHead& head,
                                                 const settings::SessionOptions& options,
                                                 bool uses_tls);

/// Returns the refusal of a request for a page that is an upgrade.
std::optional<http::Refusal> CheckPageRequest(const http::RequestHead& head);

}  // namespace sluice::intake
