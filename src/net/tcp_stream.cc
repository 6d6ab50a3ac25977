// The socket is watched for reading, level-triggered, and for writing only while it is blocked.
//
// A reader that pauses costs nothing at first. If data arrives for it, libevent reports that in
// every turn. So after the second report the socket is watched edge-triggered, until the reader has
// read everything; edges still report a reset. Sockets are not always watched edge-triggered,
// because then each short read would need another read after it: libevent reports a reset or urgent
// data that arrives with the last bytes as readability, and with edges only once.
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
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sluice/net/pipe.h"

namespace sluice::net {
namespace {

constexpr IoResult kNothingNow{IoResult::Status::kWouldBlock, 0, 0};

IoResult Failed() {
  return {IoResult::Status::kError, 0, errno};
}

bool WouldBlock() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
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
  // A Unix socket has no TCP options, so these calls may fail.
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
    SetOption(fd, SOL_SOCKET, SO_BUF_LOCK, 0);  // Undoes the lock of a fixed size.
  }
}

TcpStream::TcpStream(EventLoop& loop, Fd fd, State state)
    : fd_(std::move(fd)),
      is_connecting_(state == State::kConnecting),
      read_event_(loop.base(), fd_.get(), IoEvent::kReadable, &OnEvent, this) {
  if (is_connecting_) {
    AwaitWritable();
    return;
  }
  writable_ = true;
  if (!read_event_.Start()) Abandon();
}

/// Breaks a connection that the kernel cannot watch, because it has no memory, or no watches left
/// for this user. The next read or write fails.
void TcpStream::Abandon() {
  std::perror("epoll_ctl");
  shutdown(fd_.get(), SHUT_RDWR);
  readable_ = writable_ = true;
}

void TcpStream::OnEvent(int /*fd*/, short ready, void* self) {
  auto& stream = *static_cast<TcpStream*>(self);
  if (ready == IoEvent::kWritable) {
    stream.OnWritable();
  } else {
    stream.OnReadable();
  }
}

void TcpStream::OnReadable() {
  if (readable_ && !is_reading_paused_) {  // The handler was notified and does not read.
    is_reading_paused_ = true;
    read_event_.Stop();  // A blocked socket is not watched for reading at all.
    WatchPaused();
    return;
  }
  if (!readable_) has_read_ = false;
  readable_ = true;
  if (handler_ != nullptr) handler_->OnStreamReady();
}

/// Watches for a reset while the reader pauses. A blocked socket has write_event_ for that.
void TcpStream::WatchPaused() {
  if (write_event_) return;
  read_event_.SetInterest(IoEvent::kReadable | IoEvent::kEdge);
  if (!read_event_.Start()) Abandon();
}

void TcpStream::OnWritable() {
  writable_ = true;
  if (is_connecting_) {  // Before write_event_ ends: a socket that is still watched costs less.
    is_connecting_ = false;
    if (!read_event_.Start()) Abandon();
  }
  write_event_.reset();
  if (is_reading_paused_) WatchPaused();
  if (handler_ != nullptr) handler_->OnStreamReady();
}

/// Waits until a socket that was read empty is readable. Returns false and sets errno if the kernel
/// cannot watch it.
bool TcpStream::AwaitReadable() {
  readable_ = false;
  if (!is_reading_paused_) return true;
  is_reading_paused_ = false;
  read_event_.SetInterest(IoEvent::kReadable);
  if (read_event_.Start()) return true;
  const int error = errno;
  Abandon();
  errno = error;
  return false;
}

/// Stops watching for reading after an end or an error, which would be reported in every turn.
IoResult TcpStream::EndReading(IoResult result) {
  readable_ = is_reading_paused_ = false;
  read_event_.Stop();
  return result;
}

/// Waits until the blocked socket is writable.
void TcpStream::AwaitWritable() {
  writable_ = false;
  if (write_event_) return;
  if (is_reading_paused_) read_event_.Stop();
  write_event_ =
      std::make_unique<IoEvent>(read_event_.base(), fd_.get(), IoEvent::kWritable, &OnEvent, this);
  if (!write_event_->Start()) Abandon();
}

IoResult TcpStream::Read(base::MutableBytes buffer) {
  const ssize_t got =
      RetryInterrupted([&] { return recv(fd_.get(), buffer.data(), buffer.size(), 0); });
  has_read_ = true;
  must_copy_ = false;
  if (got > 0) {
    const auto count = static_cast<size_t>(got);
    // If the socket cannot be watched any more, the next read reports it.
    if (count < buffer.size()) AwaitReadable();
    return {IoResult::Status::kOk, count, 0};
  }
  if (got == 0) return EndReading({IoResult::Status::kEnd, 0, 0});
  if (!WouldBlock()) return EndReading(Failed());
  return AwaitReadable() ? kNothingNow : Failed();
}

IoResult TcpStream::Write(base::Bytes bytes) {
  return Send(bytes, 0);
}

// The kernel waits for the FIN, so that both are one segment.
IoResult TcpStream::WriteLast(base::Bytes bytes) {
  return Send(bytes, MSG_MORE);
}

IoResult TcpStream::Send(base::Bytes bytes, int flags) {
  const ssize_t sent = RetryInterrupted(
      [&] { return send(fd_.get(), bytes.data(), bytes.size(), flags | MSG_NOSIGNAL); });
  if (sent >= 0) {
    const auto count = static_cast<size_t>(sent);
    bytes_written_ += count;
    if (count < bytes.size()) AwaitWritable();
    return {IoResult::Status::kOk, count, 0};
  }
  return WriteFailed();
}

IoResult TcpStream::WriteFailed() {
  if (WouldBlock()) {
    AwaitWritable();
    return kNothingNow;
  }
  writable_ = false;
  return Failed();
}

IoResult TcpStream::ReadInto(Pipe& pipe, size_t limit) {
  const ssize_t got = RetryInterrupted([&] {
    return splice(fd_.get(), nullptr, pipe.write_end(), nullptr, limit, SPLICE_F_NONBLOCK);
  });
  if (got > 0) {
    has_read_ = true;
    // Less than `limit` may mean that the pipe's slots are full: each holds one received segment.
    pipe.Added(static_cast<size_t>(got));
    return {IoResult::Status::kOk, static_cast<size_t>(got), 0};
  }
  if (got < 0 && errno == EINVAL) {  // This kind of socket does not support splice.
    can_splice_ = false;
    return kNothingNow;
  }
  if (got < 0 && !WouldBlock()) return EndReading(Failed());
  // splice stops at urgent data as if nothing was there. If a readable socket yields nothing, or if
  // this may be the end, a read reports it.
  if (got == 0 || !has_read_) {
    must_copy_ = true;
    return kNothingNow;
  }
  return AwaitReadable() ? kNothingNow : Failed();
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
      const IoResult failed = WriteFailed();
      // The bytes written before count; the next call returns the error again.
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
