// The backends of one configuration as one worker uses them.
#pragma once

#include <memory>
#include <vector>

#include "sluice/base/snapshot.h"
#include "sluice/config/types.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/resolver.h"
#include "sluice/net/tls_client_context.h"
#include "sluice/routing/pools.h"

namespace sluice::backend {

/// Created by the main thread; from then on it belongs to the worker. The pools are shared by all
/// workers.
struct Backends {
  /// The endpoint to dial for a server of the configuration: itself, but for `builtin:`.
  const config::Endpoint& Dialable(const config::Endpoint& server) const {
    return server.kind == config::Endpoint::Kind::kBuiltin ? echo_address : server;
  }
  /// The counters of a server of a backend, both by index.
  metrics::ServerMetrics& MetricsOf(size_t backend, size_t server) {
    return metrics[pools->IdOf(backend, server)];
  }

  const config::Config& config;  ///< outlives this
  std::shared_ptr<net::Resolver> resolver;
  std::shared_ptr<const routing::Pools> pools;
  metrics::Shards<metrics::ServerMetrics> metrics;  ///< by Pools::IdOf
  /// By backend; null: plain.
  std::vector<std::shared_ptr<const base::Snapshot<net::TlsClientContext>>> tls;
  config::Endpoint echo_address;  ///< where `builtin:echo` listens
};

}  // namespace sluice::backend
