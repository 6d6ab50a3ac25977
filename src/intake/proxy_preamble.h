// The PROXY header that is sent to a backend before any other byte.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/net/stream.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/route.h"

namespace sluice::intake {

/// Returns the header for `version`, without parts of the request that may be a token; empty for
/// kOff. `stream` is the client's stream.
std::vector<uint8_t> ProxyPreamble(settings::SendProxy version, const settings::Route& route,
                                   const Client& client, const http::RequestHead& head,
                                   const net::Stream& stream);

}  // namespace sluice::intake
