// A thread with its own event loop, listening sockets, connections, sessions and buffers. Workers
// share only what docs/architecture.md lists under "Threads and lifetimes".
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

/// The objects that all workers share. They outlive the workers.
struct WorkerSetup {
  auth::RateLimiter& rate_limiter;
  const workspace::MemoryBudget& memory;
  std::string_view console_page;
  base::Log& log;
};

/// Created, started and stopped by the main thread. The other functions belong to the worker's
/// thread: the main thread calls them through server::Control, or directly before Start.
class Worker {
 public:
  Worker(const WorkerSetup& setup, uint64_t seed);
  ~Worker();

  net::EventLoop& loop() { return loop_; }
  /// Bytes that the worker's sessions have queued. Any thread.
  const metrics::Counter& queued() const { return workspace_.queued; }

  /// Sets all workers, this one included. A new connection goes to the worker with the fewest
  /// connections, because the kernel does not balance by their number. The workers outlive this
  /// worker's thread. To be called before Start.
  void SetPeers(std::vector<Worker*> peers) { peers_ = std::move(peers); }

  void Start();

  /// Ends the worker's thread, if it runs, and waits for its end.
  void Stop();

  // ---- On the worker's thread ----

  /// Accepts connections with this configuration from now on. `ports` has one entry for each of its
  /// listeners. Open connections and sessions keep the configuration that they began with. No
  /// effect on a worker that drains.
  void Use(std::shared_ptr<intake::Generation> generation, std::vector<PortPlan> ports);

  /// Stops accepting. After this call, the worker passes no more connections to other workers.
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
  class Acceptor;

  using Acceptors = std::vector<std::unique_ptr<Acceptor>>;
  using AcceptorsByListener = std::vector<Acceptors>;

  void CloseAcceptors(AcceptorsByListener acceptors);
  void Place(net::Fd fd, const net::Address& client, size_t listener);
  void Accept(net::Fd fd, const net::Address& client, size_t listener);
  void AcceptFromPeer(std::shared_ptr<net::Fd> fd, const net::Address& client,
                      const settings::Endpoint& listener, uint64_t generation);

  // Order matters: what is below uses what is above.
  net::EventLoop loop_;
  workspace::Workspace workspace_;
  Registry registry_;
  AcceptorsByListener acceptors_;
  std::vector<settings::Endpoint> addresses_;  // The bound addresses, by listener.
  std::vector<Worker*> peers_;
  bool is_closing_acceptors_ = false;
  std::thread thread_;
};

}  // namespace sluice::worker
