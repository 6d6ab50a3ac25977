// The PROXY protocol (haproxy.org, doc/proxy-protocol.txt): what a load balancer says in front of a
// connection's own bytes, so that the one behind it learns who the client is. Pure.
#pragma once

#include <cstdint>

#include "sluice/base/ip.h"

namespace sluice::proxy {

struct Party {
  base::IpAddress ip;
  uint16_t port = 0;

  bool operator==(const Party&) const = default;
};

/// The connection that the header is about.
struct Endpoints {
  Party source;       ///< the client
  Party destination;  ///< where it connected to

  bool operator==(const Endpoints&) const = default;
};

}  // namespace sluice::proxy
