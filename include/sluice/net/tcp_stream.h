// A Stream over a connected, non-blocking TCP or Unix stream socket.
#pragma once

#include "sluice/base/clock.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/net/stream.h"

namespace sluice::net {

class TcpStream final : public Stream {
 public:
  /// `fd` is non-blocking and connected, or connecting: then the stream turns writable when that is
  /// over and ConnectError tells the outcome.
  TcpStream(EventLoop& loop, Fd fd);

  void SetHandler(StreamHandler* handler) override { handler_ = handler; }
  IoResult Read(base::MutableBytes buffer) override;
  IoResult Write(base::Bytes bytes) override;
  void ShutdownWrite() override;
  size_t UnacknowledgedBytes() const override;
  uint64_t bytes_written() const override { return bytes_written_; }
  bool readable() const override { return readable_; }
  bool writable() const override { return writable_; }

  /// The pending error of the socket, an errno, 0 for none; clears it.
  int ConnectError() const;

  /// Sends each write at once (TCP_NODELAY). No effect on a Unix socket.
  void DisableNagle();

  /// Breaks the connection when its host has been silent for `timeout`: with written bytes
  /// unacknowledged (TCP_USER_TIMEOUT), or without answering probes (SO_KEEPALIVE). Not for Unix
  /// sockets.
  void GuardAgainstSilence(base::Duration timeout);

 private:
  void OnEvent(short what);

  // Order matters: the event goes before the descriptor that it watches.
  Fd fd_;
  StreamHandler* handler_ = nullptr;
  uint64_t bytes_written_ = 0;
  bool readable_ = false;
  bool writable_ = false;
  bool hung_up_ = false;
  EventPtr event_;
};

}  // namespace sluice::net
