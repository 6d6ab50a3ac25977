// One configuration as one worker uses it. After a reload, connections and sessions keep the
// generation that they began with, so a generation lasts as long as its last session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/auth/session_quota.h"
#include "sluice/backend/backends.h"
#include "sluice/base/log_limit.h"
#include "sluice/base/snapshot.h"
#include "sluice/dns/resolver.h"
#include "sluice/http/host_names.h"
#include "sluice/intake/authentication.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/routing/pools.h"
#include "sluice/routing/router.h"
#include "sluice/session/route_in_use.h"
#include "sluice/settings/config.h"
#include "sluice/tls/context.h"

namespace sluice::intake {

/// Created by the main thread; from then on it belongs to the worker. Data that must outlive a
/// reload (counts of sessions, counters, certificates in use) is shared with the previous
/// generation.
struct Generation {
  /// Creates a generation without authentication and TLS; the caller fills in those members.
  /// `quota` is by route. All workers share `pools`.
  Generation(std::shared_ptr<const settings::Config> configuration,
             std::shared_ptr<dns::Resolver> resolver, metrics::WorkerMetrics counters,
             const std::vector<std::shared_ptr<auth::SessionQuota::RouteCount>>& quota,
             std::shared_ptr<const routing::Pools> pools);
  ~Generation();

  uint64_t number = 0;  ///< of the configuration: each new one has a higher number
  const std::shared_ptr<const settings::Config> config_owner;
  const settings::Config& config;
  metrics::WorkerMetrics metrics;
  const routing::Router router;
  std::vector<session::RouteInUse> routes;  ///< by index
  backend::Backends backends;
  /// The host names that requests may use, by listener; unset: any.
  std::vector<std::optional<http::HostNames>> listener_hosts;
  std::unique_ptr<Authenticator> auth;  ///< null if no route asks for credentials
  /// The TLS context of each listener; null for a plain listener.
  std::vector<std::shared_ptr<const base::Snapshot<tls::Context>>> listener_tls;
  /// Limits the log lines of failed TLS handshakes, by listener.
  std::vector<base::LogLimit> tls_log_limits;
};

/// Returns the route of `generation` with that index. The pointer keeps the generation alive.
std::shared_ptr<const session::RouteInUse> RouteOf(const std::shared_ptr<Generation>& generation,
                                                   size_t route);

}  // namespace sluice::intake
