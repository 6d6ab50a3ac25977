// The gateway as a whole: binds the listeners, runs the workers, drains them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/auth/guard.h"
#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/metrics/backend_collector.h"
#include "sluice/metrics/collector.h"
#include "sluice/net/event_loop.h"
#include "sluice/settings/config.h"
#include "sluice/worker/sockets.h"

namespace sluice::server {

/// Belongs to the main thread and its loop.
class Server {
 public:
  /// Binds every listener and makes the workers, none of which runs yet, so that whatever is wrong
  /// is told before the first connection. `config`, `log` and `loop` outlive the server.
  /// `inherited` are sockets of another process, for listeners that have its addresses.
  static base::Result<std::unique_ptr<Server>, std::string> Create(
      net::EventLoop& loop, std::shared_ptr<const settings::Config> config, base::Log& log,
      std::string_view version, std::vector<worker::InheritedSocket> inherited = {});
  ~Server();

  void Start();

  /// Puts `config` in the place of the configuration in use, in one step for each worker. Listeners
  /// whose address stays the same go on as they are, and so do all sessions, but for those whose
  /// route is gone and says otherwise. The error is a sentence; then nothing has changed.
  base::Result<void, std::string> Reload(std::shared_ptr<const settings::Config> config);

  const settings::Config& config() const;

  /// The sockets of all listeners, for a process that is to take over. They stay the server's.
  const std::vector<worker::OpenSockets>& sockets() const;

  /// Is not ready any more, stops accepting after `drain.delay`, tells every session (Close 1012)
  /// within `drain.window`, and calls `done` on the main loop when the last is gone, or when
  /// `timeouts.drain` is over and what was left has been cut.
  void Drain(std::function<void()> done);

  /// Stops accepting and calls `done` when the last session has ended by itself: somebody else
  /// accepts in its place. Drain may follow.
  void Retire(std::function<void()> done);

  /// Ends every session at once; the `done` of Drain follows. Only after Drain.
  void Cut();

  /// Reads those files anew that have changed: what SIGHUP asks for. It happens by itself, too, but
  /// up to two seconds later.
  void CheckFiles();

  /// Calls `changed` when that file has changed, as long as what is returned lives.
  [[nodiscard]] std::shared_ptr<void> WatchConfigFile(const std::string& file,
                                                      std::function<void()> changed);

  bool running() const { return running_; }
  bool draining() const { return draining_; }
  bool retired() const { return retired_; }
  std::shared_ptr<const metrics::Collector> collector() const;
  metrics::Collector& metrics();
  /// What is known of the backends now, as metrics. To be used by the main thread, while this
  /// lives.
  std::shared_ptr<const metrics::BackendCollector> backend_collector() const;
  /// The same and the sessions of the routes, as JSON.
  std::string Report() const;
  /// Null if no route needs authentication.
  std::shared_ptr<auth::Guard> guard() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  bool running_ = false;
  bool draining_ = false;
  bool retired_ = false;
};

}  // namespace sluice::server
