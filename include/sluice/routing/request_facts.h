// What is known of a connection, and of its request if it speaks HTTP, when its route is looked
// for.
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

/// A plain value but for the head, which the caller keeps. Of a plain TCP connection there is no
/// head: then a route that asks for anything of a request is not taken.
struct RequestFacts {
  RequestFacts() = default;
  explicit RequestFacts(const http::RequestHead& request)
      : head(&request), host(NormalizeHost(request.host)) {}

  const http::RequestHead* head = nullptr;
  std::string host;                       ///< of the head, normalized
  std::optional<base::IpAddress> client;  ///< nothing if it came through a Unix socket
  size_t listener = 0;                    ///< index into Config::listeners
  std::string sni;                        ///< normalized like a host; empty: none
  std::vector<std::string> certificate;   ///< typed names of the client's, if one was verified
};

}  // namespace sluice::routing
