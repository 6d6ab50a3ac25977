// Turns the workers' counters into Prometheus metric families at the scrape.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "sluice/metrics/certificate_metrics.h"
#include "sluice/metrics/worker_metrics.h"

namespace sluice::metrics {

/// What the indices of WorkerMetrics stand for. Every string comes from the configuration.
struct MetricsLabels {
  struct Server {
    std::string backend;
    std::string address;
  };
  std::vector<std::string> routes;
  std::vector<std::string> listeners;
  std::vector<Server> servers;
  std::string version;  ///< of sluice, for sluice_build_info
};

/// Sums the shards of all workers. Shards are added before the first scrape; Collect may be called
/// from any thread while the workers write.
class Collector : public prometheus::Collectable {
 public:
  explicit Collector(MetricsLabels labels);

  /// A new shard for a worker, of the labels' sizes. It lives as long as the collector.
  WorkerMetrics& AddWorker();

  CertificateMetrics& certificates() { return certificates_; }

  /// The files of a method of `auth` were read anew, or could not be used. Any thread.
  void CountAuthReload(bool is_ok) { ++(is_ok ? auth_reloads_ : auth_reloads_failed_); }

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  MetricsLabels labels_;
  std::vector<std::unique_ptr<WorkerMetrics>> workers_;
  CertificateMetrics certificates_;
  std::atomic<uint64_t> auth_reloads_{0};
  std::atomic<uint64_t> auth_reloads_failed_{0};
};

}  // namespace sluice::metrics
