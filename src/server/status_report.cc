#include "server/status_report.h"

#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sluice::server {
namespace {

using Health = routing::ServerState::Health;
using Json = nlohmann::ordered_json;

std::string_view TextOf(Health health) {
  switch (health) {
    case Health::kUp:
      return "up";
    case Health::kStarting:
      return "starting";
    case Health::kEjected:
      return "ejected";
    case Health::kDown:
      break;
  }
  return "down";
}

std::string_view TextOf(routing::QueueEnd end) {
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

double SecondsOf(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Json ServerJson(const routing::ServerState& server) {
  Json json = {{"address", server.address},   {"state", TextOf(server.health)},
               {"sessions", server.sessions}, {"dials", server.dials},
               {"max_sessions", nullptr},     {"weight", server.weight},
               {"tier", server.tier},         {"ejections", server.ejections}};
  if (server.max_sessions != 0) json["max_sessions"] = server.max_sessions;
  if (server.health == Health::kEjected) json["ejected_for"] = SecondsOf(server.ejected_for);
  return json;
}

}  // namespace

std::vector<metrics::BackendSample> SamplesOf(const std::vector<routing::BackendState>& backends) {
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
      sample.queue_ends.emplace_back(TextOf(static_cast<routing::QueueEnd>(i)),
                                     backend.queue_ends[i]);
    }
    sample.waited_seconds = SecondsOf(backend.waited);
  }
  return samples;
}

std::string StatusReport(const std::vector<routing::BackendState>& backends,
                         const std::vector<std::pair<std::string, uint64_t>>& routes) {
  Json report = {{"routes", Json::array()}, {"backends", Json::array()}};
  for (const auto& [name, sessions] : routes) {
    report["routes"].push_back({{"name", name}, {"sessions", sessions}});
  }
  for (const routing::BackendState& backend : backends) {
    Json json = {{"name", backend.name}, {"servers", Json::array()}};
    for (const auto& server : backend.servers) json["servers"].push_back(ServerJson(server));
    if (backend.queue_size != 0) {
      json["queue"] = {{"waiting", backend.waiting}, {"size", backend.queue_size}};
    }
    report["backends"].push_back(std::move(json));
  }
  // A name may hold any byte that YAML takes.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace sluice::server
