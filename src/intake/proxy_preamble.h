// The PROXY header that a backend gets before anything else.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/config/types.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/net/stream.h"

namespace sluice::intake {

/// Returns the header for `version`, with what the backend may know of the client; empty for kOff.
/// `stream` is the client's.
std::vector<uint8_t> ProxyPreamble(config::SendProxy version, const config::Route& route,
                                   const Client& client, const http::RequestHead& head,
                                   const net::Stream& stream);

}  // namespace sluice::intake
