// One configuration in use, with what the main thread has made of it and keeps up to date:
// certificates and credentials, and whether its servers work. Makes of it what each worker needs.
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
  /// What lasts, whatever the configuration. All of it outlives this.
  struct Surroundings {
    FileWatch& files;
    base::Log& log;
    metrics::Collector& metrics;
    auth::SessionQuota& quota;
  };

  /// Reads the files that `config` names. What must outlive a change of the configuration is taken
  /// over from `previous`, which may be null. The error is a sentence; then nothing has changed.
  static base::Result<std::unique_ptr<ActiveConfig>, std::string> Load(
      const Surroundings& around, std::shared_ptr<const settings::Config> config,
      const ActiveConfig* previous);

  /// For the worker of that number and loop, whose thread need not run yet.
  base::Result<std::shared_ptr<intake::Generation>, std::string> MakeGeneration(
      net::EventLoop& loop, size_t worker, const settings::Endpoint& echo_address) const;

  /// Begins to check the servers of backends with `health_check`, on the main loop. What the checks
  /// of `previous`, which may be null, have found still holds.
  base::Result<void, std::string> StartHealthChecks(net::EventLoop& loop,
                                                    const settings::Endpoint& echo_address,
                                                    const ActiveConfig* previous);

  /// It is the one in use now.
  void OwnMetrics() const { certificates_.OwnMetrics(); }

  const settings::Config& config() const { return *config_; }
  /// What is known of its servers, shared by all workers.
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
  std::unique_ptr<dns::Resolver> resolver_;  // Of the main loop, where there are checks.
  std::unique_ptr<backend::HealthProber> prober_;
};

}  // namespace sluice::server
