// A non-blocking socket, with TLS or without.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <sys/socket.h>
#include <sys/uio.h>

#include "load/tls.h"

namespace sluice::bench {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

class Transport {
 public:
  explicit Transport(int fd) : fd_(fd) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  /// What came of a call. Nothing and neither end nor error: not now.
  struct Io {
    size_t count = 0;
    bool ended = false;
    std::string error;
  };

  int fd() const { return fd_; }

  /// Empty if the connect has succeeded.
  std::string ConnectError() const;

  void UseTls() { tls_ = std::make_unique<Tls>(fd_); }

  /// Goes on with the handshake; `ended` says that it is done.
  Io Handshake();

  Io Receive(std::span<uint8_t> buffer);

  /// Whether Receive() is to be called again although the socket may have nothing more.
  bool HasBuffered() const { return tls_ && tls_->HasBuffered(); }

  Io Send(const std::array<iovec, 2>& parts);

  /// Whether Send() has taken what the socket has not; Send() with nothing goes on with it.
  bool HasUnsent() const { return tls_ && !tls_->output().empty(); }

  void ShutDownSend();

  /// Whether its destructor throws away what is under way, and tells the peer.
  void ResetOnClose();

 private:
  Io SendTls(const std::array<iovec, 2>& parts);
  std::string SendOutput();

  int fd_;
  std::unique_ptr<Tls> tls_;
  size_t output_sent_ = 0;
};

/// Before a socket is used: no delay, and buffers of `buffer_size` in both directions instead of
/// what the kernel finds right, if that is not 0.
void PrepareSocket(int fd, int buffer_size);

/// A socket on its way to `endpoint`, or -1 and errno.
int StartConnect(const Endpoint& endpoint, int buffer_size);

}  // namespace sluice::bench
