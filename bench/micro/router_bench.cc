// What it costs to find the route of a request among many. The argument is the number of routes,
// which have the kind of pattern that the name says; the requests are for each of them, in an order
// that no cache foresees.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "sluice/routing/router.h"

namespace sluice::routing {
namespace {

settings::PathPattern Exact(std::string path) {
  return {false, std::move(path)};
}

settings::PathPattern Prefix(std::string path) {
  return {true, std::move(path)};
}

settings::PathPattern Capture(const std::string& piece) {
  return {false,
          "/" + piece + "/{server}/console",
          {{false, piece}, {true, "server"}, {false, "console"}}};
}

settings::PathPattern CaptureFirst(const std::string& piece) {
  return {false, "/{tenant}/" + piece, {{true, "tenant"}, {false, piece}}};
}

using Make = settings::Match (*)(const std::string& name);

settings::Match PathMatch(const std::string& name) {
  return {"", Exact("/services/" + name)};
}
settings::Match HostMatch(const std::string& name) {
  return {name + ".example.com", Prefix("")};
}
settings::Match WildcardMatch(const std::string& name) {
  return {"*." + name + ".example.com", Exact("/services")};
}
settings::Match PrefixMatch(const std::string& name) {
  return {"", Prefix("/services/" + name)};
}
settings::Match CaptureMatch(const std::string& name) {
  return {"", Capture(name)};
}
settings::Match CaptureFirstMatch(const std::string& name) {
  return {"", CaptureFirst(name)};
}
settings::Match MixedMatch(const std::string& name) {
  constexpr Make kKinds[] = {PathMatch,   HostMatch,    WildcardMatch,
                             PrefixMatch, CaptureMatch, CaptureFirstMatch};
  return kKinds[std::stoul(name.substr(1)) % std::size(kKinds)](name);
}

/// A request that the match for `name` takes and no other.
http::RequestHead RequestFor(const settings::Match& match) {
  http::RequestHead head;
  head.host = match.host.empty()            ? "gateway.example.com"
              : match.host.starts_with("*") ? "a" + match.host.substr(1)
                                            : match.host;
  head.path = match.path.path;
  for (size_t open = 0; (open = head.path.find('{')) != std::string::npos;) {
    head.path.replace(open, head.path.find('}') - open + 1, "db17");
  }
  if (match.path.is_prefix) head.path += "/below/it";
  head.headers = {{"Host", head.host}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
  return head;
}

void BM_Find(benchmark::State& state, Make make) {
  settings::Config config;
  std::vector<http::RequestHead> heads;
  const auto count = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < count; ++i) {
    config.routes.emplace_back().match = make("r" + std::to_string(100'000 + i));
    heads.push_back(RequestFor(config.routes.back().match));
  }
  const Router router(config);
  size_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    next = (next + 617) % count;  // A prime that divides no count, so that each has its turn.
    const auto found = router.Find(RequestFacts(heads[next]));
    if (found != next) state.SkipWithError("not the route that was meant");
  }
}

void Counts(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1)->Arg(1'000);
}

BENCHMARK_CAPTURE(BM_Find, exact_paths, PathMatch)->Apply(Counts);
BENCHMARK_CAPTURE(BM_Find, exact_hosts, HostMatch)->Apply(Counts);
BENCHMARK_CAPTURE(BM_Find, wildcard_hosts, WildcardMatch)->Apply(Counts);
BENCHMARK_CAPTURE(BM_Find, prefixes, PrefixMatch)->Apply(Counts);
BENCHMARK_CAPTURE(BM_Find, captures, CaptureMatch)->Apply(Counts);
BENCHMARK_CAPTURE(BM_Find, captures_first, CaptureFirstMatch)->Apply(Counts);
BENCHMARK_CAPTURE(BM_Find, mixed, MixedMatch)->Apply(Counts);

}  // namespace
}  // namespace sluice::routing
