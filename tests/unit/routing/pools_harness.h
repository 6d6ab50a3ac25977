// Backends to balance over, and a clock that is set.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/routing/pools.h"

namespace sluice::routing {

using namespace std::chrono_literals;

/// A backend `b` whose servers have these weights; they are s0:1, s1:1 and so on.
inline settings::Backend BackendOf(const std::vector<uint32_t>& weights,
                                   settings::Balance balance = {}) {
  settings::Backend backend{"b", {}};
  backend.balance = std::move(balance);
  for (size_t i = 0; i < weights.size(); ++i) {
    backend.servers.push_back(
        {{settings::Endpoint::Kind::kTcp, "s" + std::to_string(i), 1}, weights[i]});
  }
  return backend;
}

class PoolsTest : public ::testing::Test {
 protected:
  void Make(settings::Backend backend, const Pools* previous = nullptr) {
    settings::Config config;
    config.backends.push_back(std::move(backend));
    auto next = std::make_unique<Pools>(config, previous, 1);
    // There may be slots of it.
    if (pools) earlier.push_back(std::move(pools));
    pools = std::move(next);
  }

  Criteria Asking(std::optional<uint64_t> key = std::nullopt, std::vector<size_t> tried = {}) {
    return {key, std::move(tried), now};
  }

  /// A slot, connected; fails the test if there is none.
  ServerSlot Session(std::optional<uint64_t> key = std::nullopt) {
    auto slot = Dial(key);
    if (slot) slot.OnConnected(now);
    return slot;
  }
  ServerSlot Dial(std::optional<uint64_t> key = std::nullopt) {
    auto pick = pools->Acquire(0, Asking(key));
    EXPECT_TRUE(pick.has_value());
    return pick ? std::move(pick->slot) : ServerSlot();
  }

  /// The order in which sessions that do not last go to the servers: `0 1 0`.
  std::string Turns(size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += std::to_string(Session().server()) + ' ';
    return text;
  }

  ServerState StateOf(size_t server) { return pools->Describe(now)[0].servers[server]; }

  std::vector<std::unique_ptr<Pools>> earlier;
  std::unique_ptr<Pools> pools;
  base::TimePoint now{1000s};
};

}  // namespace sluice::routing
