// Listening sockets on their way from one process to the next.
#pragma once

#include <vector>

#include "sluice/net/listener.h"
#include "sluice/settings/endpoint.h"

namespace sluice::worker {

/// One that another process has handed over.
struct InheritedSocket {
  settings::Endpoint listener;  ///< as the configuration of that process had it
  net::ListeningSocket socket;
};

/// The sockets of a listener, open as long as the workers accept.
struct OpenSockets {
  settings::Endpoint listener;
  std::vector<int> fds;
};

}  // namespace sluice::worker
