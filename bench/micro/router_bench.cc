// What it costs to find the route of a request among many. The argument is the number of routes;
// the request is for the last of them, and all of them have the kind of pattern that the name says.
#include <string>

#include <benchmark/benchmark.h>

#include "sluice/routing/router.h"

namespace sluice::routing {
namespace {

config::PathPattern Exact(std::string path) {
  return {false, std::move(path)};
}

config::PathPattern Prefix(std::string path) {
  return {true, std::move(path)};
}

config::PathPattern Capture(const std::string& piece) {
  return {false,
          "/" + piece + "/{server}/console",
          {{false, piece}, {true, "server"}, {false, "console"}}};
}

config::PathPattern CaptureFirst(const std::string& piece) {
  return {false, "/{tenant}/" + piece, {{true, "tenant"}, {false, piece}}};
}

using Make = config::Match (*)(const std::string& name);

config::Match PathMatch(const std::string& name) {
  return {"", Exact("/services/" + name)};
}
config::Match HostMatch(const std::string& name) {
  return {name + ".example.com", Prefix("")};
}
config::Match WildcardMatch(const std::string& name) {
  return {"*." + name + ".example.com", Exact("/services")};
}
config::Match PrefixMatch(const std::string& name) {
  return {"", Prefix("/services/" + name)};
}
config::Match CaptureMatch(const std::string& name) {
  return {"", Capture(name)};
}
config::Match CaptureFirstMatch(const std::string& name) {
  return {"", CaptureFirst(name)};
}
config::Match MixedMatch(const std::string& name) {
  constexpr Make kKinds[] = {PathMatch,   HostMatch,    WildcardMatch,
                             PrefixMatch, CaptureMatch, CaptureFirstMatch};
  return kKinds[std::stoul(name.substr(1)) % std::size(kKinds)](name);
}

/// A request that the match for `name` takes and no other.
http::RequestHead RequestFor(const config::Match& match) {
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
  config::Config config;
  const auto count = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < count; ++i) {
    config::Route route;
    // The last is of the same kind, however many there are.
    route.match = make("r" + std::to_string(1'000'000 - 6 * (count - i)));
    if (make == MixedMatch) route.match = make("r" + std::to_string(1'000'000 - (count - 1 - i)));
    config.routes.push_back(std::move(route));
  }
  const Router router(config);
  const http::RequestHead head = RequestFor(config.routes.back().match);
  for ([[maybe_unused]] auto _ : state) {
    const RequestFacts facts(head);
    const auto found = router.Find(facts);
    if (found != count - 1) state.SkipWithError("not the route that was meant");
    benchmark::DoNotOptimize(found);
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
