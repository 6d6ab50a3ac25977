// Listening sockets on their way from one process to the next.
#pragma once

#include <vector>

#include "sluice/config/types.h"
#include "sluice/net/listener.h"

namespace sluice::worker {

/// One that another process has handed over.
struct InheritedSocket {
  config::Endpoint listener;  ///< as the configuration of that process had it
  net::ListeningSocket socket;
};

/// The sockets of a listener, open as long as the workers accept.
struct OpenSockets {
  config::Endpoint listener;
  std::vector<int> fds;
};

}  // namespace sluice::worker
