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

/// A socket that is bound and listens, not yet watched by any loop. Bound before the threads start,
/// so that a port in use is an error at the start.
struct ListeningSocket {
  Fd fd;
  settings::Endpoint address;  ///< the real one: with the port that the kernel chose for port 0
};

/// Binds `address` (kTcp with a literal IP address, or kUnix: a stale socket file is replaced). No
/// client can connect to a Unix socket before its file is as `file` asks.
base::Result<ListeningSocket, std::string> Listen(const settings::Endpoint& address,
                                                  const settings::SocketFile& file = {});

/// Gives the socket at `path` the mode and the owner that `file` asks for. Changes nothing that is
/// so already, and never lets a user connect that neither the old nor the new settings allow. Not
/// thread-safe.
base::Result<void, std::string> SetSocketFile(const std::string& path,
                                              const settings::SocketFile& file);

/// A socket that listens already, which another process has made. The error says what it is
/// instead.
base::Result<ListeningSocket, std::string> Adopt(Fd fd);

/// Another socket on the address of `first` for another worker (SO_REUSEPORT), over which the
/// kernel spreads the connections; the same one, duplicated, if it is a Unix socket, or one
/// that another has bound and that does not share its port, or not with this user.
base::Result<ListeningSocket, std::string> ListenAgain(const ListeningSocket& first);

class AcceptHandler {
 public:
  /// `client` is empty for a Unix socket. `fd` is non-blocking and close-on-exec.
  virtual void OnAccept(Fd fd, const Address& client) = 0;
  /// Accepting failed for a reason of ours, such as no descriptor being left. The listener tries
  /// again by itself after a moment.
  virtual void OnAcceptError(int error) = 0;

 protected:
  ~AcceptHandler() = default;
};

/// Accepts what comes to a listening socket, a bounded number in each turn of the loop. Destroying
/// it closes the socket.
class Listener final : private FdHandler, private TimerHandler {
 public:
  Listener(EventLoop& loop, ListeningSocket socket, AcceptHandler& handler);

  const settings::Endpoint& address() const { return socket_.address; }
  /// Of the listening socket.
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
  std::optional<FdWatch> watch_;  // Not while it looks away.
  Timer retry_;
};

}  // namespace sluice::net
