// Distinguishes a lack of local resources from a failure of the server.
#pragma once

#include <sys/socket.h>

namespace sluice::dial {

/// Returns true if `error`, of a call that creates a socket, means that the process or the system
/// has no descriptor or memory left.
bool IsLackOfResources(int error);

/// Returns true if `error`, of connect() to this address, means that there is no local port or
/// memory left.
bool IsLackOfResources(int error, const sockaddr* address, socklen_t size);

/// Returns true if no socket can be created at the moment. For libraries that do not report why
/// they failed.
bool IsOutOfSockets();

}  // namespace sluice::dial
