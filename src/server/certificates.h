// The TLS contexts of listeners and backends. Their files are loaded at the start and reloaded when
// they change.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/base/result.h"
#include "sluice/base/snapshot.h"
#include "sluice/metrics/certificate_metrics.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/config.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/tls.h"
#include "sluice/tls/client_context.h"
#include "sluice/tls/context.h"

#include "server/file_watch.h"

namespace sluice::server {

/// Belongs to the main thread, except the snapshots, which the workers read. They may outlive this
/// object, and then do not change any more.
class Certificates {
 public:
  template <typename Context>
  using Snapshots = std::vector<std::shared_ptr<base::Snapshot<Context>>>;

  /// All arguments outlive this object.
  Certificates(const settings::Config& config, FileWatch& files, base::Log& log,
               metrics::CertificateMetrics& metrics)
      : config_(config), files_(files), log_(log), metrics_(metrics) {}

  /// Loads all files and watches them from then on. New connections use the contexts loaded last.
  /// If a changed file cannot be used, the old context stays in use; the log and the metrics report
  /// that.
  base::Result<void, std::string> Load();

  /// Removes all certificates except these from the metrics.
  void OwnMetrics() const;

  /// The contexts by index of the configuration; null: plain.
  const Snapshots<tls::Context>& listeners() const { return listeners_; }
  const Snapshots<tls::ClientContext>& backends() const { return backends_; }

 private:
  using Owner = metrics::CertificateMetrics::Owner;
  using Reload = std::function<std::optional<std::string>()>;

  std::optional<std::string> Read(const settings::Listener& listener, const Owner& owner,
                                  base::Snapshot<tls::Context>& into);
  std::optional<std::string> Read(const settings::Backend& backend, const Owner& owner,
                                  base::Snapshot<tls::ClientContext>& into);
  void WarnOfExpiry(const Owner& owner, const settings::Certificate& files);
  std::optional<std::string> Watch(std::vector<std::string> paths, const Owner& owner,
                                   Reload reload);

  const settings::Config& config_;
  FileWatch& files_;
  base::Log& log_;
  metrics::CertificateMetrics& metrics_;
  Snapshots<tls::Context> listeners_;
  Snapshots<tls::ClientContext> backends_;
  std::vector<FileWatch::Watched> watched_;
};

}  // namespace sluice::server
