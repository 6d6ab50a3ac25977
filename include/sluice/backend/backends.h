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

/// Created by the main thread; from then on it belongs to the worker. The pools are shared by all
/// workers.
struct Backends {
  /// The endpoint to dial for a server of the configuration: itself, but for `builtin:`.
  const settings::Endpoint& Dialable(const settings::Endpoint& server) const {
    return server.kind == settings::Endpoint::Kind::kBuiltin ? echo_address : server;
  }
  /// The counters of a server of a backend, both by index.
  metrics::ServerMetrics& MetricsOf(size_t backend, size_t server) {
    return metrics[pools->IdOf(backend, server)];
  }

  const settings::Config& config;  ///< outlives this
  std::shared_ptr<dns::Resolver> resolver;
  std::shared_ptr<const routing::Pools> pools;
  metrics::Shards<metrics::ServerMetrics> metrics;  ///< by Pools::IdOf
  /// By backend; null: plain.
  std::vector<std::shared_ptr<const base::Snapshot<tls::ClientContext>>> tls;
  settings::Endpoint echo_address;  ///< where `builtin:echo` listens
};

}  // namespace sluice::backend
