// The state of two backends, with a value in every field.
#pragma once

#include <chrono>
#include <vector>

#include "sluice/routing/pools.h"

namespace sluice::server::testing {

inline std::vector<routing::BackendState> SomeBackends() {
  using namespace std::chrono_literals;
  using Health = routing::ServerState::Health;
  routing::BackendState lab{.name = "lab", .servers = {}};
  lab.servers.push_back({.address = "a:1", .max_sessions = 5, .sessions = 3, .dials = 1});
  lab.servers.push_back({.address = "b:1",
                         .weight = 2,
                         .health = Health::kEjected,
                         .ejections = 4,
                         .ejected_for = 1500ms});
  lab.servers.push_back({.address = "c:1", .tier = 2, .health = Health::kDown});
  lab.servers.push_back({.address = "d:1", .health = Health::kStarting});
  lab.waiting = 6;
  lab.queue_size = 7;
  lab.queue_ends[static_cast<size_t>(routing::QueueEnd::kTimeout)] = 8;
  lab.waited = 2500ms;
  return {lab, {.name = "db", .servers = {{.address = "e:1"}}}};
}

}  // namespace sluice::server::testing
