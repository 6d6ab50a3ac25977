// One process takes over from another while connections are accepted all the time: a new sluice
// from the running one (SIGUSR2), or sluice from systemd (socket activation).
//
// The old process starts the new one with its listening sockets, and continues until the new one
// reports that it accepts connections. Then it accepts none, and ends with its last session. If the
// new one does not start, nothing changes.
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

namespace sluice::handover {

/// The sockets that another process has passed to this one.
struct Inheritance {
  std::vector<worker::InheritedSocket> listeners = {};
  std::optional<net::ListeningSocket> admin = std::nullopt;
  net::Fd ready = net::Fd();  ///< the pipe on which the old process waits; unset without one

  /// Reports to the old process that this one accepts connections.
  void ReportReady();
};

/// Reads them from the environment, once, before there are other threads. The error is a sentence.
base::Result<Inheritance, std::string> ReadInheritance();

/// Starts a process that takes over. Belongs to the main thread.
class Successor final : private net::StreamHandler, private net::TimerHandler {
 public:
  /// To be created early: the new process runs the program that is then at this program's path,
  /// with the arguments that this process was started with.
  Successor(net::EventLoop& loop, base::Log& log);
  ~Successor();

  /// Starts the new process, unless one is starting. `ready` is called when it accepts connections.
  /// If it does not get that far, this is logged and nothing else changes.
  void Start(const std::vector<worker::OpenSockets>& listeners, int admin,
             std::function<void()> ready);

  /// Ends the process that is starting, if there is one: this process stops.
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
  std::unique_ptr<net::TcpStream> report_;  // Of the new process; null: none is starting.
  net::Timer timer_;
  pid_t pid_ = 0;  // While it is starting.
};

/// Reports a state such as "READY=1" to systemd, if it started this process (sd_notify(3)).
void NotifySupervisor(const std::string& state);

}  // namespace sluice::handover
