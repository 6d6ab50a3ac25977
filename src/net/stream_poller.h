// Watches the sockets of all streams of a loop, in an epoll set of its own that libevent watches as
// a single descriptor.
//
// libevent could watch each of them, but it hides from a reader what the kernel said (EPOLLERR and
// EPOLLHUP are passed off as readiness, so that a reset behind the last bytes looks like data), and
// it costs a session some 350 bytes. Here a watch costs nothing but the kernel's own memory, and
// one more epoll_wait for each turn that has any I/O, however many sockets it is about.
#pragma once

#include <array>
#include <cstddef>

#include <sys/epoll.h>

#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"

namespace sluice::net {

class TcpStream;

/// Belongs to its loop and the loop's thread.
class StreamPoller {
 public:
  explicit StreamPoller(event_base* base);
  StreamPoller(const StreamPoller&) = delete;
  StreamPoller& operator=(const StreamPoller&) = delete;

  /// Tells `stream` of every edge of its socket `fd` from now on (TcpStream::OnEdge), until the
  /// descriptor is closed. False, with errno, if the kernel has no memory or no watches left.
  [[nodiscard]] bool Add(int fd, TcpStream& stream);

  /// What was already reported of `stream` in this turn is not told any more.
  void Forget(const TcpStream& stream);

 private:
  void Dispatch();

  static constexpr size_t kBatch = 256;

  Fd epoll_;
  EventPtr event_;
  std::array<epoll_event, kBatch> batch_;
  size_t next_ = 0;  // Of batch_[0, count_), what is still to be told.
  size_t count_ = 0;
};

}  // namespace sluice::net
