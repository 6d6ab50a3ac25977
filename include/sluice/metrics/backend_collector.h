// The state of backends' servers as metrics. At each scrape a callback returns the state, so this
// module does not depend on the servers.
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
  uint64_t sessions = 0;   ///< including dials under way
  uint64_t ejections = 0;  ///< so far
};

struct BackendSample {
  std::string backend;
  std::vector<ServerSample> servers;
  bool has_queue = false;
  uint64_t waiting = 0;
  /// The outcomes of waiting, and their counts.
  std::vector<std::pair<std::string_view, uint64_t>> queue_ends = {};
  double waited_seconds = 0;  ///< the total wait of all requests that got a place
};

class BackendCollector : public prometheus::Collectable {
 public:
  using Samples = std::vector<BackendSample>;

  /// Collect calls `sample` on its thread.
  explicit BackendCollector(std::function<Samples()> sample) : sample_(std::move(sample)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<Samples()> sample_;
};

}  // namespace sluice::metrics
