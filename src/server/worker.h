// A thread with its own loop, listeners, sessions and scratch buffer. Workers share nothing that is
// written but the log.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/config/types.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/listener.h"
#include "sluice/net/resolver.h"
#include "sluice/relay/worker_context.h"

#include "server/certificates.h"
#include "server/gatekeeper.h"

namespace sluice::server {

/// What all workers are made from. Everything in it outlives them.
struct WorkerSetup {
  const config::Config& config;
  relay::Admission& admission;
  const config::Endpoint& echo_address;
  std::string_view console_page;
  base::Log& log;
  const relay::MemoryBudget& memory;
  const Certificates& certificates;
  const Gatekeeper& gatekeeper;
};

/// Made, started, told and joined by the main thread.
class Worker {
 public:
  /// `sockets` are one for each listener of the configuration, in its order.
  static base::Result<std::unique_ptr<Worker>, std::string> Create(
      const WorkerSetup& setup, metrics::WorkerMetrics& metrics,
      std::vector<net::ListeningSocket> sockets, uint64_t seed);
  ~Worker();

  void Start();

  /// Stops accepting, closes all sessions with `drain`, and calls `done` from the worker's thread
  /// when the last one is gone. Any thread, once.
  void Drain(std::function<void()> done);

  /// Ends every connection at once. Any thread, after Drain.
  void Cut();

 private:
  class Port;

  Worker() = default;

  // Order matters: what is below uses what is above.
  net::EventLoop loop_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<relay::WorkerContext> context_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::thread thread_;
};

}  // namespace sluice::server
