// What a worker lends to its connections and sessions, whatever the configuration. It lies below
// them: it knows neither connections nor sessions nor configurations.
#pragma once

#include <cstdint>
#include <random>

#include "sluice/base/log.h"
#include "sluice/base/log_limit.h"
#include "sluice/base/session_id.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/pipe.h"
#include "sluice/net/random.h"
#include "sluice/tls/buffers.h"
#include "sluice/websocket/zlib_pool.h"
#include "sluice/workspace/buffers.h"
#include "sluice/workspace/memory_budget.h"
#include "sluice/workspace/resource_log.h"

namespace sluice::workspace {

/// One for each worker, used by the worker's thread alone. The log and the memory budget are
/// shared by all workers.
struct Workspace {
  /// `seed` is for the ids and the jitter. The references outlive the workspace.
  Workspace(net::EventLoop& event_loop, const MemoryBudget& shared_memory, base::Log& shared_log,
            uint64_t seed)
      : loop(event_loop),
        memory(shared_memory),
        log(shared_log),
        ids(seed),
        random(static_cast<std::minstd_rand::result_type>(seed)) {}

  /// Returns a factor of 0.9 to 1.1, for times that must not fall together.
  double Jitter() { return std::uniform_real_distribution(0.9, 1.1)(random); }

  net::EventLoop& loop;
  const MemoryBudget& memory;
  base::Log& log;
  base::SessionIdGenerator ids;
  std::minstd_rand random;

  /// A gauge: bytes that this worker's sessions hold for slow peers.
  metrics::Counter queued;

  Buffers buffers;
  tls::Buffers tls_buffers;
  net::RandomBytes random_bytes;  ///< for mask keys and handshake keys
  net::PipePool pipes;
  websocket::ZlibPool zlib;

  /// For the log lines of failed dials.
  base::LogLimit dial_log_limit{base::Duration(1'000), 10};
  /// For the log lines of dials that failed for lack of local resources.
  ResourceLog resource_log;
};

}  // namespace sluice::workspace
