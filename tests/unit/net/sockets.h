// Plain sockets for the far ends of the net tests, all on the loopback and on ports that the kernel
// chooses.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sluice/net/fd.h"
#include "sluice/settings/endpoint.h"

namespace sluice::net::testing {

inline settings::Endpoint Tcp(std::string host, uint16_t port) {
  return {settings::Endpoint::Kind::kTcp, std::move(host), port};
}
inline settings::Endpoint Unix(std::string path) {
  return {settings::Endpoint::Kind::kUnix, std::move(path), 0};
}

inline sockaddr_in Loopback(uint16_t port, uint32_t host = INADDR_LOOPBACK) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

inline uint16_t PortOf(const Fd& fd) {
  sockaddr_in name{};
  socklen_t size = sizeof(name);
  EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  return ntohs(name.sin_port);
}

/// A blocking socket that is bound to a free port of the loopback, `type` SOCK_STREAM or
/// SOCK_DGRAM.
inline Fd Bound(int type, uint32_t host = INADDR_LOOPBACK) {
  Fd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const sockaddr_in name = Loopback(0, host);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  return fd;
}

inline Fd ListeningOnLoopback(int backlog = 16, uint32_t host = INADDR_LOOPBACK) {
  Fd fd = Bound(SOCK_STREAM, host);
  EXPECT_EQ(listen(fd.get(), backlog), 0);
  return fd;
}

inline Fd AcceptFrom(const Fd& listener) {
  Fd fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(fd);
  return fd;
}

/// Connects, blocking; the kernel's backlog takes it without an accept. Empty if it was refused.
inline Fd ConnectTo(uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in name = Loopback(port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) fd.Reset();
  return fd;
}

/// Two connected sockets: `first` does not block, as a TcpStream wants it.
inline std::pair<Fd, Fd> Pair() {
  std::array<int, 2> fds{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

inline void SendAll(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(sent, 0) << errno;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

/// What has come by now, without waiting.
inline std::string Available(const Fd& fd) {
  std::string all;
  std::array<char, 65536> piece;
  ssize_t got = 0;
  while ((got = recv(fd.get(), piece.data(), piece.size(), MSG_DONTWAIT)) > 0) {
    all.append(piece.data(), static_cast<size_t>(got));
  }
  return all;
}

/// Whether the peer's FIN is the next thing to read.
inline bool AtEnd(const Fd& fd) {
  char byte = 0;
  return recv(fd.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

/// Closes so that the peer gets a reset.
inline void ResetConnection(Fd fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
}

/// An address that takes no connection and refuses none: the backlog of its socket is full.
class Unanswering {
 public:
  explicit Unanswering(uint32_t host = INADDR_LOOPBACK) : listener_(ListeningOnLoopback(0, host)) {
    const sockaddr_in name = Loopback(port(), host);
    for (Fd& fd : fillers_) {
      fd = Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      [[maybe_unused]] const int result =
          connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name));
    }
  }
  uint16_t port() const { return PortOf(listener_); }

 private:
  Fd listener_;
  std::array<Fd, 4> fillers_;
};

}  // namespace sluice::net::testing
