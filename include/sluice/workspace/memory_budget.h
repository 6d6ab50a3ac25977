// The limit of the bytes that all sessions together hold (limits.memory).
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "sluice/metrics/worker_metrics.h"

namespace sluice::workspace {

/// Sums the gauges of the workers, so that a worker that holds more bytes changes no shared atomic.
/// Complete before the workers run; after that any thread may ask it and set the limit.
class MemoryBudget {
 public:
  /// `limit` is in bytes; 0: no limit.
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
