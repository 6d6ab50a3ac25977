// Loads the files that `auth` names, reloads them when they change, and creates the Authenticator
// of each worker.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/auth/method_set.h"
#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"
#include "sluice/intake/authentication.h"
#include "sluice/metrics/collector.h"
#include "sluice/settings/config.h"

#include "server/file_watch.h"

namespace sluice::server {

/// Belongs to the main thread, except the methods, which the workers share.
class AuthFiles {
 public:
  /// Everything passed in outlives this object.
  AuthFiles(const settings::Config& config, FileWatch& files, base::Log& log,
            metrics::Collector& metrics)
      : config_(config), files_(files), log_(log), metrics_(metrics) {}

  /// Loads every file, and watches it as long as this object lives. The methods keep the tickets
  /// and the counts of failures of `previous`, which may be null. If a file changes later and
  /// cannot be used, its old content stays in use; the log and the metrics report that.
  base::Result<void, std::string> Load(const auth::MethodSet* previous);

  /// Returns null if no route needs authentication.
  std::unique_ptr<intake::Authenticator> NewAuthenticator(net::EventLoop& loop,
                                                          dns::Resolver& resolver) const;

  /// Null if no route needs authentication.
  const std::shared_ptr<auth::MethodSet>& methods() const { return methods_; }

 private:
  // A Redis server that a method looks tokens up in.
  struct Store {
    const auth::Method* method;
    redis::Server server;
  };

  base::Result<void, std::string> Add(const auth::MethodSet::Entry& entry);
  void Reload(auth::Method& method);
  void LogIfEmpty(const auth::Method& method);

  const settings::Config& config_;
  FileWatch& files_;
  base::Log& log_;
  metrics::Collector& metrics_;
  std::shared_ptr<auth::MethodSet> methods_;
  std::vector<Store> stores_;
  std::vector<FileWatch::Watched> watched_;
};

}  // namespace sluice::server
