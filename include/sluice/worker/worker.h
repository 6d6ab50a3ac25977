// A thread with its own event loop, ports, connections, sessions and buffers. Workers share
// what docs/architecture.md lists under "Threads and lifetimes".
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/net/event_loop.h"
#include "sluice/worker/ports.h"
#include "sluice/worker/registry.h"
#include "sluice/workspace/workspace.h"

namespace sluice::worker {

/// What all workers share. Everything in it outlives them.
struct WorkerSetup {
  auth::RateLimiter& rate_limiter;
  const workspace::MemoryBudget& memory;
  std::string_view console_page;
  base::Log& log;
};

/// Created, started and joined by the main thread.
class Worker {
 public:
  Worker(const WorkerSetup& setup, uint64_t seed);
  ~Worker();

  net::EventLoop& loop() { return loop_; }
  /// Bytes that its sessions hold.
  const metrics::Counter& queued() const { return workspace_.queued; }

  /// Accepts by this configuration from now on, on `ports`, one for each of its listeners. Who is
  /// there already keeps the configuration it began with. Any thread.
  void Use(std::shared_ptr<intake::Generation> generation, std::vector<PortPlan> ports);

  void Start();

  /// All workers, this one among them: a connection goes to the one that has the fewest, which the
  /// kernel does not look at. They outlive this one's thread. Before Start.
  void SetPeers(std::vector<Worker*> peers) { peers_ = std::move(peers); }

  /// Stops accepting; `done` is called from the worker's thread when no connection is on its way
  /// from this worker to another. Any thread.
  void StopAccepting(std::function<void()> done);

  /// Closes all sessions with `drain` within `window`, and calls `done` from the
  /// worker's thread when the last one is gone. Any thread, when no
  /// worker accepts any more.
  void Drain(base::Duration window, std::function<void()> done);

  /// Calls `done` likewise when all who are there have gone by themselves. Any
  /// thread, likewise.
  void Retire(std::function<void()> done);

  /// Ends its thread, if it runs, and waits for that.
  void Stop();

  /// Ends every connection at once. Any thread, after Drain.
  void Cut();

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
