// Puts together what checks credentials: the guard of all workers, its files, and what each worker
// needs of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/auth/guard.h"
#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"
#include "sluice/intake/authentication.h"
#include "sluice/metrics/collector.h"
#include "sluice/settings/config.h"

#include "server/file_watch.h"

namespace sluice::server {

/// Belongs to the main thread, but for the guard, which the workers share.
class Gatekeeper {
 public:
  /// All of it outlives this.
  Gatekeeper(const settings::Config& config, FileWatch& files, base::Log& log,
             metrics::Collector& metrics)
      : config_(config), files_(files), log_(log), metrics_(metrics) {}

  /// Reads everything, and has it watched from then on, as long as this lives. The guard takes over
  /// what must outlive a change of the configuration from `previous`, which may be null. Files that
  /// cannot be used later change nothing but the log and the metrics.
  base::Result<void, std::string> Load(const auth::Guard* previous);

  /// Null if no route asks who comes.
  std::unique_ptr<intake::Authenticator> NewAuthenticator(net::EventLoop& loop,
                                                          dns::Resolver& resolver) const;

  const std::shared_ptr<auth::Guard>& guard() const { return guard_; }

 private:
  struct Store {
    const auth::Method* method;
    redis::Server server;
  };

  base::Result<void, std::string> Add(const auth::Guard::Entry& entry);
  void Reload(auth::Method& method);
  void LogIfEmpty(const auth::Method& method);

  const settings::Config& config_;
  FileWatch& files_;
  base::Log& log_;
  metrics::Collector& metrics_;
  std::shared_ptr<auth::Guard> guard_;
  std::vector<Store> stores_;
  std::vector<FileWatch::Watched> watched_;
};

}  // namespace sluice::server
