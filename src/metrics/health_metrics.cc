#include "sluice/metrics/health_metrics.h"

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

/// Returns the labels of `server`, a backend and a server's address.
Labels ServerLabels(const std::pair<std::string, std::string>& server, const char* result) {
  return {{"backend", server.first}, {"server", server.second}, {"result", result}};
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
                      .help = "Health checks of servers, by their result.",
                      .type = MetricType::Counter,
                      .metric = {}};
  const std::lock_guard lock(mutex_);
  for (const auto& [label, known] : servers_) {
    if (const auto counters = known.lock()) {
      Add(checks, ServerLabels(label, "ok"), static_cast<double>(counters->passed));
      Add(checks, ServerLabels(label, "failed"), static_cast<double>(counters->failed));
      if (counters->not_made == 0) continue;
      Add(checks, ServerLabels(label, "local_resources"), static_cast<double>(counters->not_made));
    }
  }
  if (!checks.metric.empty()) families.push_back(std::move(checks));
}

}  // namespace sluice::metrics
