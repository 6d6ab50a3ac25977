// The header of the PROXY protocol (haproxy.org, doc/proxy-protocol.txt). A load balancer sends it
// before the bytes of a connection, to report the client's address to the server. Pure.
#pragma once

#include <cstdint>

#include "sluice/base/ip.h"

namespace sluice::proxy {

struct Party {
  base::IpAddress ip;
  uint16_t port = 0;

  bool operator==(const Party&) const = default;
};

/// The connection that the header describes.
struct Endpoints {
  Party source;       ///< the client
  Party destination;  ///< the address that the client connected to

  bool operator==(const Endpoints&) const = default;
};

}  // namespace sluice::proxy
