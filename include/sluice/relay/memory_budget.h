// The bound on what all sessions hold together (limits.memory).
#pragma once

#include <cstddef>
#include <vector>

#include "sluice/metrics/worker_metrics.h"

namespace sluice::relay {

/// What is in it counts by the workers' own gauges, so holding more costs nobody an atomic that is
/// shared. Put together before the workers run; any thread may ask after that.
class MemoryBudget {
 public:
  /// Bytes; 0: no bound.
  explicit MemoryBudget(size_t limit) : limit_(limit) {}

  /// `worker` outlives the budget.
  void Count(const metrics::WorkerMetrics& worker) { workers_.push_back(&worker); }

  bool IsUsedUp() const {
    if (limit_ == 0) return false;
    size_t held = 0;
    for (const auto* worker : workers_) held += worker->queued.Value();
    return held >= limit_;
  }

 private:
  const size_t limit_;
  std::vector<const metrics::WorkerMetrics*> workers_;
};

}  // namespace sluice::relay
