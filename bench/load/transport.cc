#include "load/transport.h"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

Transport::Io Result(ssize_t result) {
  if (result >= 0) return {.count = static_cast<size_t>(result)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return {.error = errno};
}

}  // namespace

Transport::~Transport() {
  close(fd_);
}

Transport::Io Transport::Receive(std::span<uint8_t> buffer) {
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got == 0) return {.ended = true};
  return Result(got);
}

Transport::Io Transport::Send(const std::array<iovec, 2>& parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts[1].iov_len > 0 ? 2 : 1;
  return Result(sendmsg(fd_, &message, MSG_NOSIGNAL));
}

void Transport::ShutDownSend() {
  shutdown(fd_, SHUT_WR);
}

int Transport::ConnectError() const {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

int StartConnect(const Endpoint& endpoint) {
  const int fd = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size) == 0 ||
      errno == EINPROGRESS) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace sluice::bench
