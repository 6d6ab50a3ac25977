// One process takes over from another without a moment in which nobody accepts: a new sluice from
// the one that runs (SIGUSR2), or sluice from systemd (socket activation).
//
// The old process starts the new one with its listening sockets, goes on as before until the new
// one says that it accepts, and then only sees its own sessions to their end. Should the new one
// not come up, nothing has happened.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/fd.h"
#include "sluice/net/listener.h"
#include "sluice/net/tcp_stream.h"
#include "sluice/worker/sockets.h"

namespace sluice::cli {

/// What another process has left to this one.
struct Inheritance {
  std::vector<worker::InheritedSocket> listeners = {};
  std::optional<net::ListeningSocket> admin = std::nullopt;
  net::Fd told = net::Fd();  ///< where the old process waits for word; none if there is no such

  /// To the old process: this one accepts now.
  void TellReady();
};

/// Takes it from the environment, once, before there are other threads. The error is a sentence.
base::Result<Inheritance, std::string> TakeInheritance();

/// Starts a process to take over. Belongs to the main thread.
class Successor final : private net::StreamHandler, private net::TimerHandler {
 public:
  /// To be made early: it will be what is then at the path of this program, with its arguments.
  Successor(net::EventLoop& loop, base::Log& log);
  ~Successor();

  /// Starts it, unless one is on its way. `ready` is called when it accepts; if it does not come
  /// up, that is logged and all is as before.
  void Start(const std::vector<worker::OpenSockets>& listeners, int admin,
             std::function<void()> ready);

  /// Ends the one that is on its way, if there is one: this process is told to stop.
  void Cancel();

 private:
  void OnStreamReady() override;
  void OnTimer() override;
  void Forget();
  void Fail(const std::string& why);

  net::EventLoop& loop_;
  base::Log& log_;
  const std::string program_;
  const std::vector<std::string> arguments_;
  std::function<void()> ready_;
  std::unique_ptr<net::TcpStream> told_;  // What the new process says.
  net::Timer timer_;
  pid_t pid_ = 0;  // While it is on its way.
};

/// Tells systemd, if it wants to know (sd_notify(3)), such as "READY=1".
void TellSupervisor(const std::string& state);

}  // namespace sluice::cli
