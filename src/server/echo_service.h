// The backend `builtin:echo`: a TCP service on a loopback port, for the demo and for testing
// routes. It sends a client's bytes back, and reads no more while the client does not read them.
#pragma once

#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/base/table.h"
#include "sluice/net/listener.h"
#include "sluice/settings/endpoint.h"

namespace sluice::server {

/// Lives on the loop's thread.
class EchoService final : private net::AcceptHandler {
 public:
  /// Listens on a free port of 127.0.0.1.
  static base::Result<std::unique_ptr<EchoService>, std::string> Create(net::EventLoop& loop);
  ~EchoService();

  const settings::Endpoint& address() const { return listener_.address(); }

 private:
  class Connection;

  EchoService(net::EventLoop& loop, net::ListeningSocket socket);
  void OnAccept(net::Fd fd, const net::Address& client) override;
  void OnAcceptError(int) override {}  // The listener tries again.

  net::EventLoop& loop_;
  base::Table<Connection> connections_;
  net::Listener listener_;
};

}  // namespace sluice::server
