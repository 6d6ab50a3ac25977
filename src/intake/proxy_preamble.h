// The PROXY header that a backend gets before anything else.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/net/stream.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/route.h"

namespace sluice::intake {

/// Returns the header for `version`, with what the backend may know of the client; empty for kOff.
/// `stream` is the client's.
std::vector<uint8_t> ProxyPreamble(settings::SendProxy version, const settings::Route& route,
                                   const Client& client, const http::RequestHead& head,
                                   const net::Stream& stream);

}  // namespace sluice::intake
