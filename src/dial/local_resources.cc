#include "dial/local_resources.h"

#include <cerrno>

#include "sluice/net/fd.h"

namespace sluice::dial {
namespace {

/// Returns true if this machine has an address from which `address` can be reached. Connecting a
/// UDP socket chooses a source address and sends nothing.
bool HasSourceAddress(const sockaddr* address, socklen_t size) {
  const net::Fd fd(socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !fd || connect(fd.get(), address, size) == 0 || errno == EAGAIN;
}

}  // namespace

bool IsLackOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

bool IsLackOfResources(int error, const sockaddr* address, socklen_t size) {
  if (IsLackOfResources(error)) return true;
  const bool is_ip = address->sa_family == AF_INET || address->sa_family == AF_INET6;
  // For a Unix socket, EAGAIN means that the server's backlog is full.
  if (error == EAGAIN) return is_ip;
  // Also the error for an address family without any address, such as IPv6 in many containers.
  return error == EADDRNOTAVAIL && is_ip && HasSourceAddress(address, size);
}

bool IsOutOfSockets() {
  const net::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !fd && IsLackOfResources(errno);
}

}  // namespace sluice::dial
