#include "dns/zoned_sockets.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sluice/net/address.h"

namespace sluice::dns {
namespace {

using Servers = std::vector<settings::Endpoint>;

ares_socket_t OpenSocket(int family, int type, int protocol, void* /*servers*/) {
  return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

int CloseSocket(ares_socket_t fd, void* /*servers*/) {
  return close(fd);
}

int ConnectSocket(ares_socket_t fd, const sockaddr* name, ares_socklen_t size, void* servers) {
  const net::Address address = net::Address::From(name);
  const auto& all = *static_cast<const Servers*>(servers);
  const auto server = std::find_if(all.begin(), all.end(), [&address](const auto& one) {
    const auto known = net::Address::Parse(one.HostWithoutZone(), one.port);
    return known && *known == address;
  });
  if (server == all.end()) return connect(fd, name, size);
  // The interface may have been removed and added again, with another number, since the start.
  const auto zoned = net::Address::Of(*server);
  if (!zoned || !*zoned) {
    errno = ENODEV;
    return -1;
  }
  return connect(fd, (*zoned)->get(), (*zoned)->size());
}

ares_ssize_t Receive(ares_socket_t fd, void* data, size_t size, int flags, sockaddr* from,
                     ares_socklen_t* from_size, void* /*servers*/) {
  return recvfrom(fd, data, size, flags, from, from_size);
}

ares_ssize_t SendVector(ares_socket_t fd, const iovec* parts, int count, void* /*servers*/) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

constexpr ares_socket_functions kFunctions = {OpenSocket, CloseSocket, ConnectSocket, Receive,
                                              SendVector};

}  // namespace

void UseZonedSockets(ares_channel channel, const std::vector<settings::Endpoint>& servers) {
  ares_set_socket_functions(channel, &kFunctions, const_cast<Servers*>(&servers));
}

}  // namespace sluice::dns
