// A Stream over a connected, non-blocking TCP or Unix stream socket.
#pragma once

#include "sluice/base/clock.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/net/stream.h"

namespace sluice::net {

/// As much as a TCP socket accepts beyond what the peer's window and the network have taken, give
/// or take one segment (TCP_NOTSENT_LOWAT). Enough to keep a fast connection busy between two turns
/// of the loop; a peer that takes nothing costs no more, where the kernel would otherwise keep
/// megabytes.
inline constexpr int kMostUnsent = 256 * 1024;

/// Has a TCP socket send each write at once (TCP_NODELAY), keep no more than kMostUnsent, and leave
/// urgent data, such as telnet's data mark, in its place in the stream (SO_OOBINLINE). What a
/// listening socket accepts has all of it from it. No effect on a Unix socket.
void ConfigureForRelay(const Fd& fd);

/// Fixes what the kernel buffers for a socket, `size` bytes of payload in each direction. The
/// kernel uses twice as much for its overhead, and lowers `size` to net.core.rmem_max and wmem_max.
/// 0: the kernel tunes a TCP socket by its speed. Before connect, or on a listening socket, whose
/// TCP connections inherit it: TCP's window scale is settled in the handshake.
void SetSocketBuffer(int fd, size_t size);

class TcpStream final : public Stream {
 public:
  /// `fd` is non-blocking and connected, or connecting: then the stream turns writable when that is
  /// over and ConnectError tells the outcome.
  TcpStream(EventLoop& loop, Fd fd);
  ~TcpStream() override;

  void SetHandler(StreamHandler* handler) override { handler_ = handler; }
  IoResult Read(base::MutableBytes buffer) override;
  IoResult Write(base::Bytes bytes) override;
  IoResult WriteLast(base::Bytes bytes) override;
  bool can_splice() const override { return can_splice_; }
  /// splice(2) stops before urgent data without a word, or as if that was the end.
  bool can_read_into() const override { return can_splice_ && !read_to_end_; }
  IoResult ReadInto(Pipe& pipe, size_t limit) override;
  IoResult WriteFrom(base::Bytes head, Pipe& pipe) override;
  void ShutdownWrite() override;
  size_t UnacknowledgedBytes() const override;
  uint64_t bytes_written() const override { return bytes_written_; }
  bool readable() const override { return readable_; }
  bool writable() const override { return writable_; }

  /// The pending error of the socket, an errno, 0 for none; clears it.
  int ConnectError() const;

  void ProbeWhileIdle(base::Duration timeout) override;
  bool IsPeerSilent(base::Duration timeout) const override;
  bool HasPeerEnded() const override;
  bool IsReset() const override;
  Address LocalAddress() const override;

 private:
  friend class Poller;

  IoResult Send(base::Bytes bytes, int flags);
  /// The kernel reports `events` (EPOLLIN and so on).
  void OnEdge(uint32_t events);

  EventLoop& loop_;
  StreamHandler* handler_ = nullptr;
  uint64_t bytes_written_ = 0;
  Fd fd_;
  bool readable_ = false;
  bool writable_ = false;
  bool can_splice_ = true;
  bool read_to_end_ = false;  // A short read does not mean that the socket is empty.
};

}  // namespace sluice::net
