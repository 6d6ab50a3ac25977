#include "server/backend_samples.h"

#include <chrono>
#include <string_view>

namespace sluice::server {
namespace {

std::string_view LabelOf(routing::QueueEnd end) {
  switch (end) {
    case routing::QueueEnd::kPlace:
      return "place";
    case routing::QueueEnd::kTimeout:
      return "timeout";
    case routing::QueueEnd::kFull:
      return "full";
    case routing::QueueEnd::kLeft:
      break;
  }
  return "left";
}

}  // namespace

std::vector<metrics::BackendSample> SamplesOf(const std::vector<routing::BackendState>& backends) {
  using Health = routing::ServerState::Health;
  std::vector<metrics::BackendSample> samples;
  for (const routing::BackendState& backend : backends) {
    metrics::BackendSample& sample = samples.emplace_back();
    sample.backend = backend.name;
    for (const routing::ServerState& server : backend.servers) {
      const bool is_up = server.health == Health::kUp || server.health == Health::kStarting;
      sample.servers.push_back({server.address, is_up, server.sessions, server.ejections});
    }
    sample.has_queue = backend.queue_size != 0;
    sample.waiting = backend.waiting;
    for (size_t i = 0; i < routing::kQueueEnds; ++i) {
      sample.queue_ends.emplace_back(LabelOf(static_cast<routing::QueueEnd>(i)),
                                     backend.queue_ends[i]);
    }
    sample.waited_seconds = std::chrono::duration<double>(backend.waited).count();
  }
  return samples;
}

}  // namespace sluice::server
