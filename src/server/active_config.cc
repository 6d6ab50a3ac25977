#include "server/active_config.h"

#include <utility>

#include "server/random_seed.h"

namespace sluice::server {
namespace {

metrics::MetricsLabels LabelsOf(const settings::Config& config) {
  metrics::MetricsLabels labels;
  for (const auto& route : config.routes) labels.routes.push_back(route.name);
  for (const auto& listener : config.listeners) {
    labels.listeners.push_back(listener.address.ToString());
  }
  for (const auto& backend : config.backends) {
    for (const auto& server : backend.servers) {
      labels.servers.push_back({backend.name, server.address.ToString()});
    }
  }
  return labels;
}

}  // namespace

ActiveConfig::ActiveConfig(const Surroundings& around,
                           std::shared_ptr<const settings::Config> config,
                           const routing::Pools* previous)
    : around_(around),
      config_(std::move(config)),
      pools_(std::make_shared<const routing::Pools>(*config_, previous, RandomSeed())),
      certificates_(*config_, around.files, around.log, around.metrics.certificates()),
      auth_files_(*config_, around.files, around.log, around.metrics) {}

base::Result<std::unique_ptr<ActiveConfig>, std::string> ActiveConfig::Load(
    const Surroundings& around, std::shared_ptr<const settings::Config> config,
    const ActiveConfig* previous) {
  const routing::Pools* const pools = previous == nullptr ? nullptr : previous->pools_.get();
  std::unique_ptr<ActiveConfig> active(new ActiveConfig(around, std::move(config), pools));
  active->number_ = previous == nullptr ? 1 : previous->number_ + 1;
  if (auto done = active->certificates_.Load(); !done) return base::Unexpected(done.error());
  const auth::MethodSet* const methods =
      previous == nullptr ? nullptr : previous->auth_methods().get();
  if (auto done = active->auth_files_.Load(methods); !done) return base::Unexpected(done.error());
  return active;
}

base::Result<std::shared_ptr<intake::Generation>, std::string> ActiveConfig::MakeGeneration(
    net::EventLoop& loop, size_t worker, const settings::Endpoint& echo_address) const {
  auto resolver = dns::Resolver::Create(loop, config_->dns);
  if (!resolver) return base::Unexpected(std::move(resolver).error());
  auto generation = std::make_shared<intake::Generation>(
      config_, *std::move(resolver), around_.metrics.CountersFor(LabelsOf(*config_), worker),
      around_.quota.RouteCountsOf(*config_), pools_);
  generation->auth = auth_files_.NewAuthenticator(loop, *generation->backends.resolver);
  const auto& listeners = certificates_.listeners();
  generation->listener_tls.assign(listeners.begin(), listeners.end());
  const auto& backends = certificates_.backends();
  generation->backends.tls.assign(backends.begin(), backends.end());
  generation->backends.echo_address = echo_address;
  generation->number = number_;
  return generation;
}

base::Result<void, std::string> ActiveConfig::StartHealthChecks(
    net::EventLoop& loop, const settings::Endpoint& echo_address, const ActiveConfig* previous) {
  bool is_any_checked = false;
  for (size_t backend = 0; backend < config_->backends.size(); ++backend) {
    if (config_->backends[backend].health_check) {
      is_any_checked = true;
      continue;
    }
    // Without checks, a server that was down would stay down.
    for (size_t server = 0; server < config_->backends[backend].servers.size(); ++server) {
      pools_->SetHealth(backend, server, true, net::EventLoop::Now());
    }
  }
  if (!is_any_checked) return {};
  auto resolver = dns::Resolver::Create(loop, config_->dns);
  if (!resolver) return base::Unexpected(std::move(resolver).error());
  resolver_ = *std::move(resolver);
  if (previous != nullptr && previous->resolver_) {
    resolver_->MoveCacheFrom(*previous->resolver_);
  }
  const auto& backends = certificates_.backends();
  prober_ = std::make_unique<backend::HealthProber>(
      backend::HealthProber::Setup{loop,
                                   *resolver_,
                                   *config_,
                                   {backends.begin(), backends.end()},
                                   echo_address,
                                   around_.log,
                                   around_.metrics.health(),
                                   RandomSeed()},
      [pools = pools_](size_t backend, size_t server, bool is_up) {
        pools->SetHealth(backend, server, is_up, net::EventLoop::Now());
      },
      previous == nullptr ? nullptr : previous->prober_.get());
  return {};
}

}  // namespace sluice::server
