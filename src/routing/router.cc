#include "sluice/routing/router.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "routing/route_index.h"

namespace sluice::routing {

Router::Router(const settings::Config& config)
    : config_(config), index_(std::make_unique<const RouteIndex>(config.routes)) {}

Router::~Router() = default;

std::optional<size_t> Router::Find(const RequestFacts& facts, size_t start) const {
  constexpr size_t kNone = std::numeric_limits<size_t>::max();
  size_t first = kNone;
  const std::string_view path = facts.head != nullptr ? facts.head->path : std::string_view();
  index_->ForEach(facts.host, path, [&](const RouteList& routes) {
    for (auto route = std::lower_bound(routes.begin(), routes.end(), start);
         route != routes.end() && *route < first; ++route) {
      if (Matches(config_.routes[*route].match, facts)) first = *route;
    }
  });
  return first == kNone ? std::nullopt : std::optional(first);
}

}  // namespace sluice::routing
