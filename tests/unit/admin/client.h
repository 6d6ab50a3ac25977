// What the admin tests share: a blocking client on a thread of its own, while the test's thread
// runs the loop.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/settings/endpoint.h"

namespace sluice::admin {

inline settings::Endpoint Loopback(uint16_t port = 0) {
  return {.kind = settings::Endpoint::Kind::kTcp, .host = "127.0.0.1", .port = port};
}

inline sockaddr_in LoopbackAddress(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// Runs the loop until `work`, on another thread, has returned.
inline void RunDuring(net::EventLoop& loop, const std::function<void()>& work) {
  std::thread worker([&] {
    work();
    loop.Stop();
  });
  loop.Run();
  worker.join();
}

/// A connection to the port on the loopback; the kernel takes it before the server does.
inline net::Fd Connect(uint16_t port) {
  net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = LoopbackAddress(port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    fd.Reset();
  }
  return fd;
}

inline void SendAll(const net::Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

/// All that comes until the other side closes.
inline std::string ReceiveAll(const net::Fd& fd) {
  std::string text;
  char buffer[4096];
  ssize_t received = 0;
  while ((received = recv(fd.get(), buffer, sizeof(buffer), 0)) > 0) {
    text.append(buffer, static_cast<size_t>(received));
  }
  return text;
}

}  // namespace sluice::admin
