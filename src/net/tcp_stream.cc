// The socket is watched with edges (EPOLLET), in both directions, from its first day to its last,
// so that pausing and resuming cost no system call. The price is a rule: readiness may only be
// forgotten when the kernel is sure to report again: after EAGAIN, not after a read that merely got
// less than it asked for. A FIN or a reset that came right behind the last bytes was reported
// together with them and will not be again, and libevent does not tell that event (EPOLLERR) from
// one for data.
#include "sluice/net/tcp_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <event2/event.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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

TcpStream::TcpStream(EventLoop& loop, Fd fd) : fd_(std::move(fd)) {
  event_.reset(event_new(
      loop.base(), fd_.get(), EV_READ | EV_WRITE | EV_ET | EV_PERSIST,
      [](evutil_socket_t, short what, void* self) { static_cast<TcpStream*>(self)->OnEvent(what); },
      this));
  if (!event_ || event_add(event_.get(), nullptr) != 0) {
    // Out of memory, or of epoll watches, which the kernel counts per user. Reported as a broken
    // connection, which it is: the first read or write will fail.
    std::perror("event_add");
    event_.reset();
    shutdown(fd_.get(), SHUT_RDWR);
    readable_ = writable_ = true;
  }
}

void TcpStream::OnEvent(short what) {
  if ((what & EV_READ) != 0) readable_ = true;
  if ((what & EV_WRITE) != 0) writable_ = true;
  if (handler_ != nullptr) handler_->OnStreamReady();
}

IoResult TcpStream::Read(base::MutableBytes buffer) {
  const ssize_t got =
      RetryInterrupted([&] { return recv(fd_.get(), buffer.data(), buffer.size(), 0); });
  if (got > 0) return {IoResult::Status::kOk, static_cast<size_t>(got), 0};
  readable_ = false;
  return got == 0 ? IoResult{IoResult::Status::kEnd, 0, 0} : Failed();
}

IoResult TcpStream::Write(base::Bytes bytes) {
  const ssize_t sent =
      RetryInterrupted([&] { return send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  if (sent >= 0) {
    const auto count = static_cast<size_t>(sent);
    bytes_written_ += count;
    if (count < bytes.size()) writable_ = false;
    return {IoResult::Status::kOk, count, 0};
  }
  writable_ = false;
  return Failed();
}

void TcpStream::ShutdownWrite() {
  shutdown(fd_.get(), SHUT_WR);
}

size_t TcpStream::UnacknowledgedBytes() const {
  int bytes = 0;
  return ioctl(fd_.get(), SIOCOUTQ, &bytes) == 0 ? static_cast<size_t>(bytes) : 0;
}

int TcpStream::ConnectError() const {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void TcpStream::DisableNagle() {
  SetOption(fd_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
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

bool TcpStream::HasPeerEnded() const {
  pollfd poll_fd{.fd = fd_.get(), .events = POLLRDHUP, .revents = 0};
  return poll(&poll_fd, 1, 0) == 1;  // POLLERR and POLLHUP are always reported.
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
