#include "sluice/relay/generation.h"

#include <utility>

#include "sluice/routing/listener_hosts.h"

namespace sluice::relay {
namespace {

constexpr base::Duration kTlsLogInterval{1'000};

}  // namespace

Generation::Generation(std::shared_ptr<const config::Config> configuration,
                       std::shared_ptr<net::Resolver> name_resolver,
                       metrics::WorkerMetrics counters,
                       std::vector<std::shared_ptr<Admission::Route>> routes,
                       std::shared_ptr<const routing::Pools> backends)
    : config_owner(std::move(configuration)),
      config(*config_owner),
      resolver(std::move(name_resolver)),
      metrics(std::move(counters)),
      admission(std::move(routes)),
      router(config),
      pools(std::move(backends)),
      listener_tls(config.listeners.size()),
      backend_tls(config.backends.size()),
      tls_log_limits(config.listeners.size(), base::LogLimit(kTlsLogInterval)) {
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    listener_hosts.push_back(routing::HostNamesOf(config, i));
  }
}

Generation::~Generation() = default;

const config::Endpoint& Generation::Dialable(const config::Endpoint& server) const {
  return server.kind == config::Endpoint::Kind::kBuiltin ? echo_address : server;
}

}  // namespace sluice::relay
