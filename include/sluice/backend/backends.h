// The backends of one configuration as one worker uses them.
#pragma once

#include <memory>
#include <vector>

#include "sluice/base/snapshot.h"
#include "sluice/dns/resolver.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/routing/pools.h"
#include "sluice/settings/config.h"
#include "sluice/settings/endpoint.h"
#include "sluice/tls/client_context.h"

namespace sluice::backend {

/// Created by the main thread; from then on it belongs to the worker. All workers share the pools.
struct Backends {
  /// Returns the endpoint to dial for a server of the configuration: the server itself, or the
  /// address of the built-in service for `builtin:`.
  const settings::Endpoint& Dialable(const settings::Endpoint& server) const {
    return server.kind == settings::Endpoint::Kind::kBuiltin ? echo_address : server;
  }
  /// Returns the counters of a server of a backend; both are indices.
  metrics::ServerMetrics& MetricsOf(size_t backend, size_t server) {
    return metrics[pools->IdOf(backend, server)];
  }

  const settings::Config& config;  ///< outlives this
  std::shared_ptr<dns::Resolver> resolver;
  std::shared_ptr<const routing::Pools> pools;
  metrics::Shards<metrics::ServerMetrics> metrics;  ///< by Pools::IdOf
  /// The TLS context of each backend; null for a plain backend.
  std::vector<std::shared_ptr<const base::Snapshot<tls::ClientContext>>> tls;
  settings::Endpoint echo_address;  ///< where `builtin:echo` listens
};

}  // namespace sluice::backend
