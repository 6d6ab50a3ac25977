// The gateway as a whole: binds the listeners, runs the workers, reloads and drains them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/auth/method_set.h"
#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/metrics/backend_collector.h"
#include "sluice/metrics/collector.h"
#include "sluice/net/event_loop.h"
#include "sluice/routing/pools.h"
#include "sluice/server/control.h"
#include "sluice/settings/config.h"
#include "sluice/worker/sockets.h"

namespace sluice::server {

/// The answer to GET /status.
struct Status {
  struct Route {
    std::string name;
    uint64_t sessions = 0;
  };
  /// The routes of the configuration, in its order, then removed routes that still have sessions.
  std::vector<Route> routes;
  std::vector<routing::BackendState> backends;
  /// Workers that did not reply in time; their sessions are not in `routes`.
  std::vector<size_t> silent_workers = {};
};

/// Belongs to the main thread and its loop.
class Server {
 public:
  /// Binds every listener and creates the workers without starting them, so that every error is
  /// reported before the first connection. `log` and `loop` outlive the server. `inherited` are
  /// sockets of another process, for listeners with the same addresses.
  static base::Result<std::unique_ptr<Server>, std::string> Create(
      net::EventLoop& loop, std::shared_ptr<const settings::Config> config, base::Log& log,
      std::string_view version, std::vector<worker::InheritedSocket> inherited = {});
  ~Server();

  void Start();

  /// Called once, on the main loop, with the workers that did not reply in time.
  using OnApplied = std::function<void(const std::vector<size_t>& silent_workers)>;

  /// Replaces the configuration in use, in one step for each worker. Listeners with the same
  /// address keep their sockets, and sessions continue, except those of a removed route with
  /// `on_removal: close`. `applied` is called when every worker uses `config`, as long as the
  /// result lives. On an error, which is a sentence, nothing has changed.
  base::Result<Control::Pending, std::string> Reload(std::shared_ptr<const settings::Config> config,
                                                     OnApplied applied);

  const settings::Config& config() const;

  /// The sockets of all listeners, for a process that takes over. The server keeps owning them.
  const std::vector<worker::OpenSockets>& sockets() const;

  /// Called once, on the main loop. A worker that is stuck ends only with the process.
  using OnEnded = std::function<void(const std::vector<size_t>& stuck_workers)>;

  /// Ends the readiness, stops accepting after `drain.delay`, closes every session with 1012 within
  /// `drain.window`, and aborts the remaining sessions after `timeouts.drain`. `done` is called
  /// when the last session has ended.
  void Drain(OnEnded done);

  /// Stops accepting, because another process has taken over, and calls `done` when the last
  /// session has ended by itself. Drain may follow.
  void Retire(OnEnded done);

  /// Ends every session at once; the `done` of Drain follows. Only after Drain.
  void Abort();

  /// Reloads the files that have changed, as on SIGHUP. Without this call, changed files are
  /// reloaded within two seconds.
  void CheckFiles();

  /// Calls `changed` when that file has changed, as long as the result lives.
  [[nodiscard]] std::shared_ptr<void> WatchConfigFile(const std::string& file,
                                                      std::function<void()> changed);

  bool is_running() const { return is_running_; }
  bool is_draining() const;
  bool is_retired() const;

  /// Asks the workers for their sessions and calls `done` with the status, as long as the result
  /// lives.
  [[nodiscard]] Control::Pending AskStatus(std::function<void(const Status&)> done);

  std::shared_ptr<const metrics::Collector> collector() const;
  metrics::Collector& metrics();
  /// The state of the backends as metrics. For the main thread, while the server lives.
  std::shared_ptr<const metrics::BackendCollector> backend_collector() const;
  /// Null if no route needs authentication.
  std::shared_ptr<auth::MethodSet> auth_methods() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  bool is_running_ = false;
};

}  // namespace sluice::server
