#include "sluice/metrics/health_metrics.h"

namespace sluice::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// `label` is the backend, and the server's address.
void AddCount(MetricFamily& family, const std::pair<std::string, std::string>& label,
              const char* result, uint64_t count) {
  ClientMetric metric;
  metric.label = {{"backend", label.first}, {"server", label.second}, {"result", result}};
  metric.counter.value = static_cast<double>(count);
  family.metric.push_back(std::move(metric));
}

}  // namespace

std::shared_ptr<HealthCounters> HealthMetrics::CountersOf(const std::string& backend,
                                                          const std::string& server) {
  const std::lock_guard lock(mutex_);
  std::erase_if(servers_, [](const auto& known) { return known.second.expired(); });
  auto& known = servers_[{backend, server}];
  auto counters = known.lock();
  if (!counters) known = counters = std::make_shared<HealthCounters>();
  return counters;
}

void HealthMetrics::AddTo(std::vector<MetricFamily>& families) const {
  MetricFamily checks{.name = "sluice_health_checks_total",
                      .help = "Checks whether servers work, by their result.",
                      .type = MetricType::Counter,
                      .metric = {}};
  const std::lock_guard lock(mutex_);
  for (const auto& [label, known] : servers_) {
    if (const auto counters = known.lock()) {
      AddCount(checks, label, "ok", counters->passed);
      AddCount(checks, label, "failed", counters->failed);
    }
  }
  if (!checks.metric.empty()) families.push_back(std::move(checks));
}

}  // namespace sluice::metrics
