// The facts about a connection, and about its request if it speaks HTTP, that a route is chosen by.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/ip.h"
#include "sluice/http/host_names.h"
#include "sluice/http/request.h"

namespace sluice::routing {

using http::NormalizeHost;

/// A plain value, except the head, which the caller keeps. A plain TCP connection has no head: it
/// matches only routes without conditions on the request.
struct RequestFacts {
  RequestFacts() = default;
  explicit RequestFacts(const http::RequestHead& request)
      : head(&request), host(NormalizeHost(request.host)) {}

  const http::RequestHead* head = nullptr;
  std::string host;                       ///< of the head, normalized
  std::optional<base::IpAddress> client;  ///< unset if the client uses a Unix socket
  size_t listener = 0;                    ///< index into Config::listeners
  std::string sni;                        ///< normalized like a host; empty: none
  std::vector<std::string> certificate;   ///< typed names in the client's verified certificate
};

}  // namespace sluice::routing
