// A non-blocking socket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <sys/socket.h>
#include <sys/uio.h>

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

  struct Io {
    size_t count = 0;
    bool ended = false;
    int error = 0;
  };

  int fd() const { return fd_; }

  /// Nothing and neither end nor error: not now.
  Io Receive(std::span<uint8_t> buffer);
  Io Send(const std::array<iovec, 2>& parts);

  void ShutDownSend();
  int ConnectError() const;

 private:
  int fd_;
};

/// A socket on its way to `endpoint`, or -1 and errno.
int StartConnect(const Endpoint& endpoint);

}  // namespace sluice::bench
