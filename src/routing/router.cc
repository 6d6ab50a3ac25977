#include "sluice/routing/router.h"

namespace sluice::routing {

std::optional<size_t> Router::Find(const RequestFacts& facts, size_t start) const {
  for (size_t i = start; i < config_.routes.size(); ++i) {
    if (Matches(config_.routes[i].match, facts)) return i;
  }
  return std::nullopt;
}

}  // namespace sluice::routing
