// The outcomes of health checks.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace sluice::metrics {

struct HealthCounters {
  std::atomic<uint64_t> passed{0};
  std::atomic<uint64_t> failed{0};
  std::atomic<uint64_t> not_made{0};  ///< checks that failed for lack of local resources
};

/// Thread-safe.
class HealthMetrics {
 public:
  /// Returns the counters of a server. They keep their counts across configurations, and are
  /// reported as long as they are held.
  std::shared_ptr<HealthCounters> CountersOf(const std::string& backend, const std::string& server);

  void AddTo(std::vector<prometheus::MetricFamily>& families) const;

 private:
  using Label = std::pair<std::string, std::string>;  // The backend, and the server's address.

  mutable std::mutex mutex_;
  std::map<Label, std::weak_ptr<HealthCounters>> servers_;
};

}  // namespace sluice::metrics
