// The bound on what all sessions hold together (limits.memory).
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "sluice/metrics/worker_metrics.h"

namespace sluice::workspace {

/// What is in it counts by the workers' own gauges, so holding more costs nobody an atomic that is
/// shared. Put together before the workers run; any thread may ask, and set the limit, after that.
class MemoryBudget {
 public:
  /// Bytes; 0: no bound.
  explicit MemoryBudget(size_t limit) : limit_(limit) {}

  /// `queued`, what a worker holds in bytes, outlives the budget.
  void Count(const metrics::Counter& queued) { workers_.push_back(&queued); }

  void SetLimit(size_t limit) { limit_.store(limit, std::memory_order_relaxed); }

  bool IsUsedUp() const {
    const size_t limit = limit_.load(std::memory_order_relaxed);
    if (limit == 0) return false;
    size_t held = 0;
    for (const auto* queued : workers_) held += queued->Value();
    return held >= limit;
  }

 private:
  std::atomic<size_t> limit_;
  std::vector<const metrics::Counter*> workers_;
};

}  // namespace sluice::workspace
