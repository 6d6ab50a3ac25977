// A Stream over a connected, non-blocking TCP or Unix stream socket.
#pragma once

#include "sluice/base/clock.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/net/stream.h"

namespace sluice::net {

/// Has a TCP socket send each write at once (TCP_NODELAY), and leave urgent data, such as telnet's
/// data mark, in its place in the stream (SO_OOBINLINE). What a listening socket accepts has both
/// from it. No effect on a Unix socket.
void ConfigureForRelay(const Fd& fd);

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
