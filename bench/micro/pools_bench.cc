// What a session costs for being given one of many servers, and giving it back.
#include <string>

#include <benchmark/benchmark.h>

#include "sluice/routing/pools.h"

namespace sluice::bench {
namespace {

using Mode = settings::Balance::Mode;

settings::Config ManyServers(Mode mode, int64_t count) {
  settings::Config config;
  settings::Backend& backend = config.backends.emplace_back();
  backend.name = "b";
  backend.balance.mode = mode;
  for (int64_t i = 0; i < count; ++i) {
    const std::string host = "s" + std::to_string(i);
    backend.servers.push_back(
        {{settings::Endpoint::Kind::kTcp, host, 1}, 1 + static_cast<uint32_t>(i % 3)});
  }
  return config;
}

void TakeAServer(benchmark::State& state, Mode mode) {
  const auto config = ManyServers(mode, state.range(0));
  const routing::Pools pools(config, nullptr, 1);
  routing::Criteria criteria;
  uint64_t key = 0;
  for (auto _ : state) {
    criteria.key = key += 0x9e3779b97f4a7c15ULL;
    auto pick = pools.Acquire(0, criteria);
    pick->slot.OnConnected(criteria.now);
    benchmark::DoNotOptimize(pick);
  }
}

BENCHMARK_CAPTURE(TakeAServer, round_robin, Mode::kRoundRobin)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK_CAPTURE(TakeAServer, least_sessions, Mode::kLeastSessions)->Arg(10)->Arg(100);
BENCHMARK_CAPTURE(TakeAServer, random_two, Mode::kRandomTwo)->Arg(10)->Arg(100);
BENCHMARK_CAPTURE(TakeAServer, hash, Mode::kHash)->Arg(10)->Arg(100);

}  // namespace
}  // namespace sluice::bench
