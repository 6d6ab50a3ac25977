// One configuration in use, with the state that the main thread keeps for it: certificates,
// credentials, and the health of its servers. Creates the generation for each worker.
#pragma once

#include <memory>
#include <string>

#include "sluice/auth/session_quota.h"
#include "sluice/backend/health_prober.h"
#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"
#include "sluice/intake/generation.h"
#include "sluice/metrics/collector.h"
#include "sluice/net/event_loop.h"
#include "sluice/routing/pools.h"
#include "sluice/settings/config.h"
#include "sluice/settings/endpoint.h"

#include "server/auth_files.h"
#include "server/certificates.h"
#include "server/file_watch.h"

namespace sluice::server {

/// Belongs to the main thread.
class ActiveConfig {
 public:
  /// The objects that last longer than a configuration. They outlive this object.
  struct Surroundings {
    FileWatch& files;
    base::Log& log;
    metrics::Collector& metrics;
    auth::SessionQuota& quota;
  };

  /// Loads the files that `config` names. State that must outlive a reload comes from `previous`,
  /// which may be null. On an error, which is a sentence, nothing has changed.
  static base::Result<std::unique_ptr<ActiveConfig>, std::string> Load(
      const Surroundings& around, std::shared_ptr<const settings::Config> config,
      const ActiveConfig* previous);

  /// Creates the generation for the worker with that number and loop. The worker's thread need not
  /// run yet.
  base::Result<std::shared_ptr<intake::Generation>, std::string> MakeGeneration(
      net::EventLoop& loop, size_t worker, const settings::Endpoint& echo_address) const;

  /// Starts to check the servers of backends with `health_check`, on the main loop. Results of the
  /// checks of `previous`, which may be null, stay valid.
  base::Result<void, std::string> StartHealthChecks(net::EventLoop& loop,
                                                    const settings::Endpoint& echo_address,
                                                    const ActiveConfig* previous);

  /// Reports only the certificates of this configuration in the metrics, because it is in use now.
  void OwnMetrics() const { certificates_.OwnMetrics(); }

  const settings::Config& config() const { return *config_; }
  /// The backends and the state of their servers, shared by all workers.
  const routing::Pools& pools() const { return *pools_; }
  /// Null if no route needs authentication.
  const std::shared_ptr<auth::MethodSet>& auth_methods() const { return auth_files_.methods(); }

 private:
  ActiveConfig(const Surroundings& around, std::shared_ptr<const settings::Config> config,
               const routing::Pools* previous);

  const Surroundings around_;
  const std::shared_ptr<const settings::Config> config_;
  uint64_t number_ = 0;
  const std::shared_ptr<const routing::Pools> pools_;
  Certificates certificates_;
  AuthFiles auth_files_;
  std::unique_ptr<dns::Resolver> resolver_;  // For the main loop; null without health checks.
  std::unique_ptr<backend::HealthProber> prober_;
};

}  // namespace sluice::server
