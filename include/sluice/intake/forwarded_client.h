// What a trusted proxy reports of the client in the head of a request. Pure: the gateway and
// `sluice explain` read it by the same function.
#pragma once

#include <optional>

#include "sluice/base/result.h"
#include "sluice/http/forwarded.h"
#include "sluice/http/request.h"
#include "sluice/settings/listener.h"

namespace sluice::intake {

struct ForwardedClient {
  std::optional<http::ForwardedNode> node;  ///< nothing: the headers name no client
  bool uses_tls = false;                    ///< the client is known to
};

/// Reads the header that `proxies` names. Only for a request whose peer is one of `proxies.from`.
base::Result<ForwardedClient, http::Refusal> ReadForwarded(const settings::TrustedProxies& proxies,
                                                           const http::RequestHead& head);

}  // namespace sluice::intake
