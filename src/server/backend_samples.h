// Converts the state of the backends to metrics.
#pragma once

#include <vector>

#include "sluice/metrics/backend_collector.h"
#include "sluice/routing/pools.h"

namespace sluice::server {

std::vector<metrics::BackendSample> SamplesOf(const std::vector<routing::BackendState>& backends);

}  // namespace sluice::server
