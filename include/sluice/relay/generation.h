// One configuration in the use of one worker, with what was made of it. A reload puts another in
// its place: requests and sessions hold the one they began with, so that it lasts as long as they
// do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/log_limit.h"
#include "sluice/base/snapshot.h"
#include "sluice/config/types.h"
#include "sluice/http/host_names.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/resolver.h"
#include "sluice/net/tls_client_context.h"
#include "sluice/net/tls_context.h"
#include "sluice/relay/admission.h"
#include "sluice/relay/authentication.h"
#include "sluice/routing/pools.h"
#include "sluice/routing/router.h"

namespace sluice::relay {

/// Made by the main thread, and from then on the worker's alone. What must outlive a reload (counts
/// of sessions, counters, certificates in use) is shared with the generation before.
struct Generation {
  template <typename Context>
  using Snapshots = std::vector<std::shared_ptr<const base::Snapshot<Context>>>;

  /// Everybody is let in and nothing speaks TLS until the members are filled in. `backends` are
  /// those of the configuration, shared by all workers.
  Generation(std::shared_ptr<const config::Config> configuration,
             std::shared_ptr<net::Resolver> name_resolver, metrics::WorkerMetrics counters,
             std::vector<std::shared_ptr<Admission::Route>> routes,
             std::shared_ptr<const routing::Pools> backends);
  ~Generation();

  /// The endpoint to dial for a server of the configuration: itself, but for `builtin:`.
  const config::Endpoint& Dialable(const config::Endpoint& server) const;

  uint64_t number = 0;  ///< of its configuration; each that comes has a higher one
  const std::shared_ptr<const config::Config> config_owner;
  const config::Config& config;
  const std::shared_ptr<net::Resolver> resolver;
  metrics::WorkerMetrics metrics;
  const std::vector<std::shared_ptr<Admission::Route>> admission;  ///< by route
  const routing::Router router;
  const std::shared_ptr<const routing::Pools> pools;
  /// The names that requests may use, by listener; nothing: any.
  std::vector<std::optional<http::HostNames>> listener_hosts;
  std::unique_ptr<AuthDesk> auth;  ///< null where nobody is asked who he is
  /// By index of the configuration; null: plain.
  Snapshots<net::TlsContext> listener_tls;
  Snapshots<net::TlsClientContext> backend_tls;
  config::Endpoint echo_address;  ///< where `builtin:echo` listens

  /// For the log lines of failed TLS handshakes, by listener.
  std::vector<base::LogLimit> tls_log_limits;
};

}  // namespace sluice::relay
