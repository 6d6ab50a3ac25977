// The socket is watched with edges, in both directions, from its first day to its last
// (net/poller.h). The price is a rule: readiness may only be forgotten when the kernel is
// sure to report again. After a short write it is. After a short read it is, too, unless something
// else than more bytes stands behind the last ones, which was reported together with them and will
// not be again: a FIN, a reset, or urgent data, at whose mark a read stops short. Then one reads on
// until EAGAIN or the end.
#include "sluice/net/tcp_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sluice/net/pipe.h"

#include "net/poller.h"

namespace sluice::net {
namespace {

IoResult Failed() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::Status::kWouldBlock, 0, 0};
  return {IoResult::Status::kError, 0, errno};
}

template <typename Call>
ssize_t RetryInterrupted(Call call) {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

void SetOption(int fd, int level, int name, int value) {
  // A Unix socket has no TCP options; that it refuses them is as it should be.
  [[maybe_unused]] const int result = setsockopt(fd, level, name, &value, sizeof(value));
}

}  // namespace

void ConfigureForRelay(const Fd& fd) {
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd.get(), SOL_SOCKET, SO_OOBINLINE, 1);
  SetOption(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, kMostUnsent);
}

void SetSocketBuffer(int fd, size_t size) {
  if (size != 0) {
    SetOption(fd, SOL_SOCKET, SO_RCVBUF, static_cast<int>(size));
    SetOption(fd, SOL_SOCKET, SO_SNDBUF, static_cast<int>(size));
  } else {
    SetOption(fd, SOL_SOCKET, SO_BUF_LOCK, 0);  // What a fixed size has locked is tuned again.
  }
}

TcpStream::TcpStream(EventLoop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {
  if (loop_.poller().Add(fd_.get(), *this)) return;
  // Out of memory, or of epoll watches, which the kernel counts per user. Reported as a broken
  // connection, which it is: the first read or write will fail.
  std::perror("epoll_ctl");
  shutdown(fd_.get(), SHUT_RDWR);
  readable_ = writable_ = read_to_end_ = true;
}

TcpStream::~TcpStream() {
  loop_.poller().Remove(fd_.get(), *this);
}

void TcpStream::OnEdge(uint32_t events) {
  constexpr uint32_t kBroken = EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLRDHUP | EPOLLPRI | kBroken)) != 0) read_to_end_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | kBroken)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | kBroken)) != 0) writable_ = true;
  if (handler_ != nullptr) handler_->OnStreamReady();
}

IoResult TcpStream::Read(base::MutableBytes buffer) {
  const ssize_t got =
      RetryInterrupted([&] { return recv(fd_.get(), buffer.data(), buffer.size(), 0); });
  if (got > 0) {
    const auto count = static_cast<size_t>(got);
    if (count < buffer.size() && !read_to_end_) readable_ = false;
    return {IoResult::Status::kOk, count, 0};
  }
  readable_ = false;
  return got == 0 ? IoResult{IoResult::Status::kEnd, 0, 0} : Failed();
}

IoResult TcpStream::Write(base::Bytes bytes) {
  return Send(bytes, 0);
}

// The kernel holds it back for the FIN, so that both are one segment.
IoResult TcpStream::WriteLast(base::Bytes bytes) {
  return Send(bytes, MSG_MORE);
}

IoResult TcpStream::Send(base::Bytes bytes, int flags) {
  const ssize_t sent = RetryInterrupted(
      [&] { return send(fd_.get(), bytes.data(), bytes.size(), flags | MSG_NOSIGNAL); });
  if (sent >= 0) {
    const auto count = static_cast<size_t>(sent);
    bytes_written_ += count;
    if (count < bytes.size()) writable_ = false;
    return {IoResult::Status::kOk, count, 0};
  }
  writable_ = false;
  return Failed();
}

IoResult TcpStream::ReadInto(Pipe& pipe, size_t limit) {
  const ssize_t got = RetryInterrupted([&] {
    return splice(fd_.get(), nullptr, pipe.write_end(), nullptr, limit, SPLICE_F_NONBLOCK);
  });
  if (got > 0) {
    // Less than `limit` may mean a full pipe, whose places hold what the network brought together.
    pipe.Added(static_cast<size_t>(got));
    return {IoResult::Status::kOk, static_cast<size_t>(got), 0};
  }
  if (got < 0 && errno == EINVAL) {  // Not this kind of socket.
    can_splice_ = false;
    return {IoResult::Status::kWouldBlock, 0, 0};
  }
  readable_ = false;
  // Nothing at all may be the end, and may be urgent data before it. Whichever it is, it came after
  // the last edge, or can_read_into() would have been false; so there will be another.
  return got == 0 ? IoResult{IoResult::Status::kWouldBlock, 0, 0} : Failed();
}

IoResult TcpStream::WriteFrom(base::Bytes head, Pipe& pipe) {
  IoResult total;
  if (!head.empty()) {
    total = Send(head, MSG_MORE);
    if (total.status != IoResult::Status::kOk || total.bytes < head.size()) return total;
  }
  while (!pipe.empty()) {
    const ssize_t sent = RetryInterrupted([&] {
      return splice(pipe.read_end(), nullptr, fd_.get(), nullptr, pipe.size(), SPLICE_F_NONBLOCK);
    });
    if (sent < 0) {
      writable_ = false;
      const IoResult failed = Failed();
      // What was written before counts; an error will show again.
      return total.bytes != 0 && failed.status == IoResult::Status::kWouldBlock ? total : failed;
    }
    pipe.Taken(static_cast<size_t>(sent));
    bytes_written_ += static_cast<size_t>(sent);
    total.bytes += static_cast<size_t>(sent);
  }
  return total;
}

void TcpStream::ShutdownWrite() {
  shutdown(fd_.get(), SHUT_WR);
}

size_t TcpStream::UnacknowledgedBytes() const {
  int bytes = 0;
  return ioctl(fd_.get(), SIOCOUTQ, &bytes) == 0 ? static_cast<size_t>(bytes) : 0;
}

int TcpStream::ConnectError() const {
  if (!read_to_end_) return 0;  // An error would have come with the edge.
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void TcpStream::ProbeWhileIdle(base::Duration timeout) {
  // Probes start after half the time and fill the other half.
  constexpr int kProbes = 3;
  const auto seconds = static_cast<int>(std::max<int64_t>(timeout.count() / 1000, 2 * kProbes));
  SetOption(fd_.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd_.get(), IPPROTO_TCP, TCP_KEEPIDLE, seconds / 2);
  SetOption(fd_.get(), IPPROTO_TCP, TCP_KEEPINTVL, seconds / 2 / kProbes);
  SetOption(fd_.get(), IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

Address TcpStream::LocalAddress() const {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  return getsockname(fd_.get(), address, &size) == 0 ? Address::From(address) : Address();
}

bool TcpStream::HasPeerEnded() const {
  pollfd poll_fd{.fd = fd_.get(), .events = POLLRDHUP, .revents = 0};
  return poll(&poll_fd, 1, 0) == 1;  // POLLERR and POLLHUP are always reported.
}

bool TcpStream::IsReset() const {
  pollfd poll_fd{.fd = fd_.get(), .events = 0, .revents = 0};
  return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLERR) != 0;
}

// TCP_USER_TIMEOUT would do this in the kernel, but it also breaks the connection to a host that
// answers every probe and whose program does not read, such as a printer that is out of paper.
bool TcpStream::IsPeerSilent(base::Duration timeout) const {
  if (UnacknowledgedBytes() == 0) return false;
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  // Probes of a closed window grow rare, so the time since the last answer says nothing by itself;
  // one probe may be on its way just now.
  const bool unanswered = info.tcpi_retransmits > 0 || info.tcpi_probes > 1;
  return unanswered && base::Duration(info.tcpi_last_ack_recv) >= timeout;
}

}  // namespace sluice::net
