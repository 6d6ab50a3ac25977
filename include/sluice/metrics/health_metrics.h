// How the checks of servers have ended.
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
  std::atomic<uint64_t> not_made{0};  ///< for lack of local resources
};

/// Thread-safe.
class HealthMetrics {
 public:
  /// Those of a server, which count on, whatever configuration it was first in. Shown as long as
  /// anybody holds them.
  std::shared_ptr<HealthCounters> CountersOf(const std::string& backend, const std::string& server);

  void AddTo(std::vector<prometheus::MetricFamily>& families) const;

 private:
  using Label = std::pair<std::string, std::string>;  // The backend, and the server's address.

  mutable std::mutex mutex_;
  std::map<Label, std::weak_ptr<HealthCounters>> servers_;
};

}  // namespace sluice::metrics
