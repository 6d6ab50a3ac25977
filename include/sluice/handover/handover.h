// Hands listening sockets over from one process to another, so that connections are accepted all
// the time: from the running sluice to a new one (SIGUSR2), or from systemd to sluice (socket
// activation).
//
// The old process starts the new one with its listening sockets, and continues until the new one
// reports that it accepts connections. Then the old process stops accepting, and ends with its last
// session. If the new process does not start, the old one continues.
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

/// Reads the inherited sockets from the environment. To be called once, before there are other
/// threads. The error is a sentence.
base::Result<Inheritance, std::string> ReadInheritance();

/// Starts the process that takes over from this one. Belongs to the main thread.
class Successor final : private net::StreamHandler, private net::TimerHandler {
 public:
  /// To be created early, because it reads the path of this program. The new process runs the
  /// program that is at that path later, with the arguments of this process.
  Successor(net::EventLoop& loop, base::Log& log);
  ~Successor();

  /// Starts the new process, unless one is starting. `ready` is called when it accepts connections.
  /// If it fails before that, the failure is logged and nothing else changes.
  void Start(const std::vector<worker::OpenSockets>& listeners, int admin,
             std::function<void()> ready);

  /// Kills the process that is starting, if there is one, because this process stops.
  void Cancel();

 private:
  void OnStreamReady() override;
  void OnTimer() override;
  void EndReport();
  void Fail(const std::string& why);

  net::EventLoop& loop_;
  base::Log& log_;
  const std::string program_;
  const std::vector<std::string> arguments_;
  std::function<void()> ready_;
  std::unique_ptr<net::TcpStream> report_;  // From the new process; null: none is starting.
  net::Timer timer_;
  pid_t pid_ = 0;  // The process that is starting; 0: none.
};

/// Reports a state such as "READY=1" to systemd, if it started this process (sd_notify(3)).
void NotifySupervisor(const std::string& state);

}  // namespace sluice::handover
