// Routes and requests from anybody: what the index finds is what trying all routes finds, and what
// a match captures comes out of the request. A line that begins with a space is a request (a host
// and a path), any other one a route (a host and a path, as they stand in a file).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/patterns.h"
#include "sluice/routing/router.h"

namespace {

using namespace sluice;

void Require(bool condition) {
  if (!condition) std::abort();
}

/// The part before the first space, which is taken off `line` with it.
std::string Take(std::string_view& line) {
  const auto space = std::min(line.find(' '), line.size());
  std::string taken(line.substr(0, space));
  line.remove_prefix(std::min(space + 1, line.size()));
  return taken;
}

void CheckRequest(const settings::Config& config, const routing::Router& router,
                  const routing::RequestFacts& facts) {
  for (size_t start = 0; start <= config.routes.size(); ++start) {
    size_t expected = start;
    while (expected < config.routes.size() &&
           !routing::Matches(config.routes[expected].match, facts)) {
      ++expected;
    }
    Require(router.Find(facts, start).value_or(config.routes.size()) == expected);
    if (expected == config.routes.size()) break;
    const auto captures =
        routing::CapturesOf(config.routes[expected].match, facts.host, facts.head->path);
    for (const auto& [name, value] : captures) {
      Require(!value.empty() && (facts.host.find(value) != std::string::npos ||
                                 facts.head->path.find(value) != std::string::npos));
    }
    start = expected;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  settings::Config config;
  std::vector<http::RequestHead> heads;
  while (!text.empty() && config.routes.size() < 64 && heads.size() < 64) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with(' ')) {
      line.remove_prefix(1);
      auto& head = heads.emplace_back();
      head.host = Take(line);
      head.path = '/' + std::string(line);
      continue;
    }
    settings::Match match;
    if (auto host = config::ParseHostPattern(Take(line))) match.host = *std::move(host);
    if (auto path = config::ParsePathPattern(line)) match.path = *std::move(path);
    config.routes.emplace_back().match = std::move(match);
  }
  const routing::Router router(config);
  for (const auto& head : heads) CheckRequest(config, router, routing::RequestFacts(head));
  return 0;
}
