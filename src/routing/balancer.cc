#include "sluice/routing/balancer.h"

namespace sluice::routing {

Balancer::Balancer(const config::Config& config, size_t start) : config_(config) {
  size_t first_id = 0;
  for (const auto& backend : config.backends) {
    backends_.push_back({first_id, start % backend.servers.size()});
    first_id += backend.servers.size();
  }
}

std::vector<Candidate> Balancer::Candidates(size_t backend) {
  const auto& servers = config_.backends[backend].servers;
  auto& state = backends_[backend];
  std::vector<Candidate> candidates;
  candidates.reserve(servers.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    const size_t place = (state.next + i) % servers.size();
    // The configuration outlives it, so there is nothing to count.
    candidates.push_back({{std::shared_ptr<const config::Endpoint>(), &servers[place].address},
                          state.first_id + place});
  }
  state.next = (state.next + 1) % servers.size();
  return candidates;
}

}  // namespace sluice::routing
