// The standard metrics of a process, read from /proc at the scrape.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace sluice::metrics {

/// Reports process_cpu_seconds_total, process_resident_memory_bytes and so on. A family whose file
/// cannot be read has no value, never a wrong one. Collect may be called from any thread.
class ProcessCollector : public prometheus::Collectable {
 public:
  /// `proc` is the mount point of procfs; tests pass a directory of their own.
  explicit ProcessCollector(std::string proc = "/proc") : proc_(std::move(proc)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::string proc_;
};

}  // namespace sluice::metrics
