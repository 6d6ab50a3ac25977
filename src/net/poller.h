// The epoll set of a loop, in which it waits: for the sockets of streams, and for whatever else is
// watched by an FdWatch.
//
// libevent could watch each socket, but it hides from a reader what the kernel said (EPOLLERR and
// EPOLLHUP are passed off as readiness, so that a reset behind the last bytes looks like data), and
// it costs a session some 350 bytes. Here a watch costs nothing but the kernel's own memory, and a
// turn one epoll_wait, however many sockets it is about.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

#include "sluice/net/fd.h"

namespace sluice::net {

class FdWatch;
class TcpStream;

/// Belongs to its loop and the loop's thread.
class Poller {
 public:
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Tells `stream` of every edge of its socket `fd` from now on (TcpStream::OnEdge), until Remove.
  /// False, with errno, if the kernel has no memory or no watches left.
  [[nodiscard]] bool Add(int fd, TcpStream& stream);

  /// Calls `watch` whenever `fd` is ready for one of `events`, until Remove. False as above.
  [[nodiscard]] bool Add(int fd, uint32_t events, FdWatch& watch);

  /// Before `fd` is closed: that would end the watch only if nobody had a copy, as a child has that
  /// was forked and is yet to begin its program. What was already reported in this turn is not told
  /// any more.
  void Remove(int fd, const TcpStream& stream) { Remove(fd, Tag(stream)); }
  void Remove(int fd, const FdWatch& watch) { Remove(fd, Tag(watch)); }

  /// Tells what there is, and first waits for it if `may_sleep`.
  void Wait(bool may_sleep);

  /// Readable when there is something to tell.
  int fd() const { return epoll_.get(); }

 private:
  // Who is told. There are thousands of streams, so they do without a second virtual table: the
  // lowest bit of the pointer, which alignment leaves free, tells a watch from a stream.
  static constexpr uint64_t kWatchBit = 1;
  static uint64_t Tag(const TcpStream& stream) { return reinterpret_cast<uintptr_t>(&stream); }
  static uint64_t Tag(const FdWatch& watch) {
    return reinterpret_cast<uintptr_t>(&watch) | kWatchBit;
  }

  bool Add(int fd, uint32_t events, uint64_t tag);
  void Remove(int fd, uint64_t tag);

  static constexpr size_t kBatch = 256;

  Fd epoll_;
  std::array<epoll_event, kBatch> batch_;
  size_t next_ = 0;  // Of batch_[0, count_), what is still to be told.
  size_t count_ = 0;
};

}  // namespace sluice::net
