#include "sluice/metrics/backend_collector.h"

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

}  // namespace

std::vector<MetricFamily> BackendCollector::Collect() const {
  auto up = Family("sluice_server_up",
                   "1 if a server gets sessions, 0 while it is down or "
                   "ejected.",
                   MetricType::Gauge);
  auto sessions = Family("sluice_server_sessions",
                         "Sessions of a server now, dials under way "
                         "included.",
                         MetricType::Gauge);
  auto ejections = Family("sluice_server_ejections_total",
                          "Times that a server was ejected for "
                          "dials that failed in a row.",
                          MetricType::Counter);
  auto waiting = Family("sluice_backend_queue_requests",
                        "Requests that wait for a place at a server.", MetricType::Gauge);
  auto ended =
      Family("sluice_backend_queue_ended_total",
             "Requests that have waited for a place, by the outcome.", MetricType::Counter);
  auto waited = Family("sluice_backend_queue_wait_seconds_total",
                       "Total wait of the requests that got a place.", MetricType::Counter);
  for (const BackendSample& sample : sample_()) {
    for (const ServerSample& server : sample.servers) {
      const std::vector<ClientMetric::Label> labels = {{"backend", sample.backend},
                                                       {"server", server.address}};
      Add(up, labels, server.is_up ? 1 : 0);
      Add(sessions, labels, static_cast<double>(server.sessions));
      Add(ejections, labels, static_cast<double>(server.ejections));
    }
    if (!sample.has_queue) continue;
    Add(waiting, {{"backend", sample.backend}}, static_cast<double>(sample.waiting));
    Add(waited, {{"backend", sample.backend}}, sample.waited_seconds);
    for (const auto& [result, count] : sample.queue_ends) {
      Add(ended, {{"backend", sample.backend}, {"result", std::string(result)}},
          static_cast<double>(count));
    }
  }
  std::vector<MetricFamily> families;
  for (auto* const family : {&up, &sessions, &ejections, &waiting, &ended, &waited}) {
    if (!family->metric.empty()) families.push_back(std::move(*family));
  }
  return families;
}

}  // namespace sluice::metrics
