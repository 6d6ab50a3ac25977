// What is known of the servers of backends, as metrics at the scrape. Who knows it is asked; this
// module knows no server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace sluice::metrics {

struct ServerSample {
  std::string address;
  bool is_up = true;
  uint64_t sessions = 0;   ///< dials under way included
  uint64_t ejections = 0;  ///< so far
};

struct BackendSample {
  std::string backend;
  std::vector<ServerSample> servers;
  bool has_queue = false;
  uint64_t waiting = 0;
  /// How waiting ended, and how often.
  std::vector<std::pair<std::string_view, uint64_t>> queue_ends = {};
  double waited_seconds = 0;  ///< by all that got a place, together
};

class BackendCollector : public prometheus::Collectable {
 public:
  using Samples = std::vector<BackendSample>;

  /// `sample` is called by Collect, from its thread.
  explicit BackendCollector(std::function<Samples()> sample) : sample_(std::move(sample)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<Samples()> sample_;
};

}  // namespace sluice::metrics
