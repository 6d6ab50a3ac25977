// Accepts connections on an address.
#pragma once

#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"

namespace sluice::net {

/// A bound socket that listens; no loop watches it yet. Sockets are bound before the threads start,
/// so that a port in use is an error at the start.
struct ListeningSocket {
  Fd fd;
  settings::Endpoint address;  ///< the bound address, with the port that the kernel chose for 0
};

/// Binds `address` (kTcp with a literal IP address, or kUnix: a stale socket file is replaced). No
/// client can connect to a Unix socket before its file has the mode and owner of `file`.
base::Result<ListeningSocket, std::string> Listen(const settings::Endpoint& address,
                                                  const settings::SocketFile& file = {});

/// Sets the mode and the owner of the socket at `path`, where they differ from `file`. At no time
/// can a user connect that neither the old nor the new settings allow. Not thread-safe.
base::Result<void, std::string> SetSocketFile(const std::string& path,
                                              const settings::SocketFile& file);

/// Wraps a listening socket that another process has created. The error says what `fd` is instead.
base::Result<ListeningSocket, std::string> Adopt(Fd fd);

/// Creates another socket on the address of `first` for another worker (SO_REUSEPORT); the kernel
/// spreads the connections over both. Duplicates `first` if it is a Unix socket, or if another
/// process has bound it without sharing the port with this user.
base::Result<ListeningSocket, std::string> ListenAgain(const ListeningSocket& first);

class AcceptHandler {
 public:
  /// `client` is empty for a Unix socket. `fd` is non-blocking and close-on-exec.
  virtual void OnAccept(Fd fd, const Address& client) = 0;
  /// Called when accept has failed for a local reason, such as a lack of descriptors. The listener
  /// tries again by itself after a moment.
  virtual void OnAcceptError(int error) = 0;

 protected:
  ~AcceptHandler() = default;
};

/// Accepts connections on a listening socket, a bounded number in each turn of the loop. Destroying
/// it closes the socket.
class Listener final : private FdHandler, private TimerHandler {
 public:
  Listener(EventLoop& loop, ListeningSocket socket, AcceptHandler& handler);

  const settings::Endpoint& address() const { return socket_.address; }
  /// The descriptor of the listening socket.
  int descriptor() const { return socket_.fd.get(); }

  /// Accepts all connections in the backlog, so that closing the socket next refuses no client.
  void AcceptPending();

 private:
  void OnFdReady(int fd, bool readable, bool writable) override;
  void OnTimer() override;
  bool Accept();
  bool Watch();

  EventLoop& loop_;
  ListeningSocket socket_;
  AcceptHandler& handler_;
  std::optional<FdWatch> watch_;  // Unset while accepting is paused.
  Timer retry_;
};

}  // namespace sluice::net
