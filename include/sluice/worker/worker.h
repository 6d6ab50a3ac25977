// A thread with its own event loop, ports, connections, sessions and buffers. Workers share
// what docs/architecture.md lists under "Threads and lifetimes".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/net/event_loop.h"
#include "sluice/worker/ports.h"
#include "sluice/worker/registry.h"
#include "sluice/workspace/workspace.h"

namespace sluice::worker {

/// What all workers share. Everything in it outlives the workers.
struct WorkerSetup {
  auth::RateLimiter& rate_limiter;
  const workspace::MemoryBudget& memory;
  std::string_view console_page;
  base::Log& log;
};

/// Created, started and stopped by the main thread. The rest belongs to the worker's thread: the
/// main thread asks for it by server::Control. Before Start, the main thread may call it, too.
class Worker {
 public:
  Worker(const WorkerSetup& setup, uint64_t seed);
  ~Worker();

  net::EventLoop& loop() { return loop_; }
  /// Bytes that its sessions hold. Any thread.
  const metrics::Counter& queued() const { return workspace_.queued; }

  /// All workers, this one included: a new connection goes to the one that has the fewest, which
  /// the kernel does not consider. They outlive this worker's thread. Before Start.
  void SetPeers(std::vector<Worker*> peers) { peers_ = std::move(peers); }

  void Start();

  /// Ends the worker's thread, if it runs, and waits for that.
  void Stop();

  // ---- On the worker's thread ----

  /// Accepts connections with this configuration from now on, on `ports`, one for each of its
  /// listeners. Connections and sessions that are open keep the configuration they began with. No
  /// effect on a worker that drains.
  void Use(std::shared_ptr<intake::Generation> generation, std::vector<PortPlan> ports);

  /// Stops accepting. When it returns, this worker passes no connection to another worker any more.
  void StopAccepting();

  /// Closes all sessions with the cause `drain` within `window`, and calls `done` when no
  /// connection or session is left. All workers have stopped accepting before.
  void Drain(base::Duration window, std::function<void()> done) {
    registry_.Drain(window, std::move(done));
  }

  /// Calls `done` when no connection or session is left, however long that takes. It replaces the
  /// `done` of an earlier call of this or of Drain.
  void AwaitEnd(std::function<void()> done) { registry_.AwaitEnd(std::move(done)); }

  /// Ends every connection and session at once.
  void Abort() { registry_.Abort(); }

  /// See Registry::CountByRoute.
  std::map<std::string, uint64_t> CountByRoute() const { return registry_.CountByRoute(); }

 private:
  class Port;

  using Sockets = std::vector<std::unique_ptr<Port>>;
  using Ports = std::vector<Sockets>;  // By listener.

  void ClosePorts(Ports ports);
  void Place(net::Fd fd, const net::Address& client, size_t listener);
  void Accept(net::Fd fd, const net::Address& client, size_t listener);
  void TakeOver(std::shared_ptr<net::Fd> fd, const net::Address& client,
                const settings::Endpoint& listener, uint64_t generation);

  // Order matters: what is below uses what is above.
  net::EventLoop loop_;
  workspace::Workspace workspace_;
  Registry registry_;
  Ports ports_;
  std::vector<settings::Endpoint> addresses_;  // Of the listeners, as they are bound.
  std::vector<Worker*> peers_;
  bool is_closing_ports_ = false;
  std::thread thread_;
};

}  // namespace sluice::worker
