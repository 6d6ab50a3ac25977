// The client's address and protocol as a trusted proxy reports them in a request's head. Pure: the
// gateway and `sluice explain` use the same function.
#pragma once

#include <optional>

#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/http/forwarded.h"
#include "sluice/http/request.h"
#include "sluice/settings/config.h"
#include "sluice/settings/listener.h"

namespace sluice::intake {

/// Returns true if `peer`, unset for a Unix socket, is one of the trusted proxies: its requests
/// belong to other clients.
bool IsTrustedProxy(const settings::Config& config, const std::optional<base::IpAddress>& peer);

struct ForwardedClient {
  std::optional<http::ForwardedNode> node;  ///< unset if the headers name no client
  bool uses_tls = false;                    ///< true if the headers report https
};

/// Parses the header that `proxies` names. Only for a request from a trusted proxy.
base::Result<ForwardedClient, http::Refusal> ReadForwarded(const settings::TrustedProxies& proxies,
                                                           const http::RequestHead& head);

}  // namespace sluice::intake
