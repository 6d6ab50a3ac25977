// What is known of the backends and their sessions, for those who operate sluice.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sluice/metrics/backend_collector.h"
#include "sluice/routing/pools.h"

namespace sluice::server {

/// For the scrape.
std::vector<metrics::BackendSample> SamplesOf(const std::vector<routing::BackendState>& backends);

/// JSON. `routes` are names and how many sessions each has.
std::string StatusReport(const std::vector<routing::BackendState>& backends,
                         const std::vector<std::pair<std::string, uint64_t>>& routes);

}  // namespace sluice::server
