// A Stream over a connected, non-blocking TCP or Unix stream socket.
#pragma once

#include <memory>

#include "sluice/base/clock.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/net/io_event.h"
#include "sluice/net/stream.h"

namespace sluice::net {

/// The unsent bytes that a TCP socket accepts at most, give or take one segment
/// (TCP_NOTSENT_LOWAT). This is enough to keep a fast connection busy between two turns of the
/// loop. Without it, the kernel would keep megabytes for a peer that reads nothing.
inline constexpr int kMostUnsent = 256 * 1024;

/// Makes a TCP socket send each write at once (TCP_NODELAY), keep at most kMostUnsent, and leave
/// urgent data, such as telnet's data mark, in its place in the stream (SO_OOBINLINE). Accepted
/// sockets inherit this from their listening socket. No effect on a Unix socket.
void ConfigureForRelay(const Fd& fd);

/// Fixes the kernel's buffers for a socket to `size` bytes of payload in each direction. The kernel
/// uses twice as much for its overhead, and lowers `size` to net.core.rmem_max and wmem_max. 0: the
/// kernel tunes a TCP socket by its speed. To be called before connect, or on a listening socket,
/// whose TCP connections inherit it, because the handshake fixes TCP's window scale.
void SetSocketBuffer(int fd, size_t size);

class TcpStream final : public Stream {
 public:
  enum class State : uint8_t {
    kConnected,
    kConnecting,  ///< the stream becomes writable when the attempt has ended, see ConnectError
  };

  /// `fd` is non-blocking. A connected stream is writable from the start.
  TcpStream(EventLoop& loop, Fd fd, State state = State::kConnected);

  void SetHandler(StreamHandler* handler) override { handler_ = handler; }
  IoResult Read(base::MutableBytes buffer) override;
  IoResult Write(base::Bytes bytes) override;
  IoResult WriteLast(base::Bytes bytes) override;
  bool can_splice() const override { return can_splice_; }
  bool can_read_into() const override { return can_splice_ && !must_copy_; }
  IoResult ReadInto(Pipe& pipe, size_t limit) override;
  IoResult WriteFrom(base::Bytes head, Pipe& pipe) override;
  void ShutdownWrite() override;
  size_t UnacknowledgedBytes() const override;
  uint64_t bytes_written() const override { return bytes_written_; }
  bool readable() const override { return readable_; }
  bool writable() const override { return writable_; }

  /// Returns the pending error of the socket, an errno or 0, and clears it.
  int ConnectError() const;

  void ProbeWhileIdle(base::Duration timeout) override;
  bool IsPeerSilent(base::Duration timeout) const override;
  bool HasPeerEnded() const override;
  bool IsReset() const override;
  Address LocalAddress() const override;

 private:
  static void OnEvent(int fd, short ready, void* self);
  void OnReadable();
  void OnWritable();
  void WatchPaused();

  IoResult Send(base::Bytes bytes, int flags);
  bool AwaitReadable();
  IoResult EndReading(IoResult result);
  void AwaitWritable();
  IoResult WriteFailed();
  void Abandon();

  StreamHandler* handler_ = nullptr;
  uint64_t bytes_written_ = 0;
  Fd fd_;
  bool readable_ : 1 = false;
  bool writable_ : 1 = false;
  bool is_connecting_ : 1;
  bool is_reading_paused_ : 1 = false;  // Until the reader has read everything.
  bool has_read_ : 1 = false;           // Since read_event_ last reported the socket readable.
  bool can_splice_ : 1 = true;
  bool must_copy_ : 1 = false;  // splice(2) cannot read the next item: an end or urgent data.
  IoEvent read_event_;          // After fd_, so that it is stopped before the socket is closed.
  std::unique_ptr<IoEvent> write_event_;  // Null unless the socket is blocked.
};

}  // namespace sluice::net
