// Listening sockets that one process hands over to the next.
#pragma once

#include <vector>

#include "sluice/net/listener.h"
#include "sluice/settings/endpoint.h"

namespace sluice::worker {

/// A listening socket that another process has handed over.
struct InheritedSocket {
  settings::Endpoint listener;  ///< the address in the configuration of that process
  net::ListeningSocket socket;
};

/// The sockets of a listener. They are open as long as the workers accept connections.
struct OpenSockets {
  settings::Endpoint listener;
  std::vector<int> fds;
};

}  // namespace sluice::worker
