#include "sluice/intake/generation.h"

#include <utility>

#include "sluice/routing/listener_hosts.h"

namespace sluice::intake {
namespace {

constexpr base::Duration kTlsLogInterval{1'000};

}  // namespace

Generation::Generation(std::shared_ptr<const settings::Config> configuration,
                       std::shared_ptr<dns::Resolver> resolver, metrics::WorkerMetrics counters,
                       const std::vector<std::shared_ptr<auth::SessionQuota::RouteCount>>& quota,
                       std::shared_ptr<const routing::Pools> pools)
    : config_owner(std::move(configuration)),
      config(*config_owner),
      metrics(std::move(counters)),
      router(config),
      backends{.config = config,
               .resolver = std::move(resolver),
               .pools = std::move(pools),
               .metrics = metrics.servers,
               .tls = std::vector<std::shared_ptr<const base::Snapshot<tls::ClientContext>>>(
                   config.backends.size()),
               .echo_address = {}},
      listener_tls(config.listeners.size()),
      tls_log_limits(config.listeners.size(), base::LogLimit(kTlsLogInterval)) {
  for (size_t i = 0; i < config.routes.size(); ++i) {
    routes.push_back({config.routes[i], metrics.routes[i], quota[i]});
  }
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    listener_hosts.push_back(routing::HostNamesOf(config, i));
  }
}

Generation::~Generation() = default;

std::shared_ptr<const session::RouteInUse> RouteOf(const std::shared_ptr<Generation>& generation,
                                                   size_t route) {
  return {generation, &generation->routes[route]};
}

}  // namespace sluice::intake
