// Turns the workers' counters into Prometheus metric families at the scrape.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "sluice/metrics/certificate_metrics.h"
#include "sluice/metrics/health_metrics.h"
#include "sluice/metrics/worker_metrics.h"

namespace sluice::metrics {

/// The label values for the indices of WorkerMetrics. Every string comes from the configuration.
struct MetricsLabels {
  struct Server {
    std::string backend;
    std::string address;
    auto operator<=>(const Server&) const = default;
  };
  std::vector<std::string> routes;
  std::vector<std::string> listeners;
  std::vector<Server> servers;
};

/// Sums the counters of all workers. Thread-safe: Collect may be called while the workers write.
class Collector : public prometheus::Collectable {
 public:
  /// `version` is the version of sluice, for sluice_build_info.
  Collector(std::string version, size_t workers)
      : version_(std::move(version)), workers_(workers) {}

  /// Returns the counters of a worker for a configuration with these labels. A label that is
  /// already in use keeps its counts across configurations. It is reported as long as its counters
  /// are held.
  WorkerMetrics CountersFor(const MetricsLabels& labels, size_t worker);

  CertificateMetrics& certificates() { return certificates_; }
  HealthMetrics& health() { return health_; }

  /// Counts a reload of the files of a method of `auth`, or a failed reload. Any thread.
  void CountAuthReload(bool is_ok) { ++(is_ok ? auth_reloads_ : auth_reloads_failed_); }

  /// Counts a reload of the configuration at `time`, in seconds since 1970, or a failed reload. Any
  /// thread.
  void CountReload(bool is_ok, int64_t time);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  // The counters of one label value, by worker.
  template <typename T>
  using Series = std::vector<T>;
  // In the order in which the labels were first used.
  template <typename Label, typename T>
  using Labelled = std::vector<std::pair<Label, std::weak_ptr<Series<T>>>>;

  template <typename Label, typename T>
  Shards<T> ShardsFor(Labelled<Label, T>& known, const std::vector<Label>& labels, size_t worker);

  const std::string version_;
  const size_t workers_;
  mutable std::mutex mutex_;
  Labelled<std::string, RouteMetrics> routes_;
  Labelled<std::string, ListenerMetrics> listeners_;
  Labelled<MetricsLabels::Server, ServerMetrics> servers_;
  CertificateMetrics certificates_;
  struct Reloads {
    uint64_t ok = 0;
    uint64_t failed = 0;
    bool is_last_ok = true;
    int64_t last_ok = 0;
  };
  Reloads reloads_;  // Of the configuration.
  HealthMetrics health_;
  std::atomic<uint64_t> auth_reloads_{0};
  std::atomic<uint64_t> auth_reloads_failed_{0};
};

}  // namespace sluice::metrics
