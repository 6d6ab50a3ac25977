#include "load/transport.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

bool WouldBlock() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

Transport::Io Result(ssize_t result) {
  if (result >= 0) return {.count = static_cast<size_t>(result), .ended = false, .error = {}};
  if (WouldBlock()) return {};
  return {.count = 0, .ended = false, .error = std::strerror(errno)};
}

}  // namespace

Transport::~Transport() {
  close(fd_);
}

std::string Transport::ConnectError() const {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? std::string() : std::strerror(error);
}

Transport::Io Transport::Handshake() {
  Io io;
  const Tls::Status status = tls_->Handshake();
  io.ended = status == Tls::Status::kOk;
  if (status == Tls::Status::kEnd) io.error = "an end in the TLS handshake";
  if (status == Tls::Status::kError) io.error = tls_->error();
  if (io.error.empty()) io.error = SendOutput();
  return io;
}

Transport::Io Transport::Receive(std::span<uint8_t> buffer) {
  if (!tls_) {
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    Io io = Result(got);
    io.ended = got == 0;
    return io;
  }
  Io io;
  const Tls::Status status = tls_->Read(buffer, io.count);
  // What came before an end or an error is given out first; the next call will find it again.
  if (io.count > 0) return io;
  io.ended = status == Tls::Status::kEnd;
  if (status == Tls::Status::kError) io.error = tls_->error();
  return io;
}

Transport::Io Transport::Send(const std::array<iovec, 2>& parts) {
  if (tls_) return SendTls(parts);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts[1].iov_len > 0 ? 2 : 1;
  return Result(sendmsg(fd_, &message, MSG_NOSIGNAL));
}

/// All or nothing is taken: what is encrypted must go out before anything else.
Transport::Io Transport::SendTls(const std::array<iovec, 2>& parts) {
  Io io;
  if (HasUnsent()) {
    io.error = SendOutput();
    if (!io.error.empty() || HasUnsent()) return io;
  }
  for (const iovec& part : parts) {
    if (part.iov_len == 0) continue;
    if (!tls_->Write({static_cast<const uint8_t*>(part.iov_base), part.iov_len})) {
      io.error = tls_->error();
      return io;
    }
    io.count += part.iov_len;
  }
  io.error = SendOutput();
  return io;
}

std::string Transport::SendOutput() {
  std::vector<uint8_t>& output = tls_->output();
  if (output.empty()) return {};
  const ssize_t sent =
      send(fd_, output.data() + output_sent_, output.size() - output_sent_, MSG_NOSIGNAL);
  if (sent < 0) return WouldBlock() ? std::string() : std::strerror(errno);
  output_sent_ += static_cast<size_t>(sent);
  if (output_sent_ == output.size()) {
    output.clear();
    output_sent_ = 0;
  }
  return {};
}

void Transport::ShutDownSend() {
  if (tls_) {
    tls_->WriteEnd();
    SendOutput();
  }
  shutdown(fd_, SHUT_WR);
}

void Transport::ResetOnClose() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void PrepareSocket(int fd, int buffer_size) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (buffer_size == 0) return;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof(buffer_size));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof(buffer_size));
}

int StartConnect(const Endpoint& endpoint, int buffer_size) {
  const int fd = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  PrepareSocket(fd, buffer_size);
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
