// Chooses the route of a connection or request. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "sluice/routing/match.h"
#include "sluice/settings/config.h"

namespace sluice::routing {

class RouteIndex;

/// The routes of a configuration, which outlives the router. Safe to share among threads.
class Router {
 public:
  explicit Router(const settings::Config& config);
  ~Router();

  /// Returns the first route in the order of the file, from `start` on, whose conditions hold,
  /// apart from claims: an index into Config::routes. Unset if there is none.
  std::optional<size_t> Find(const RequestFacts& facts, size_t start = 0) const;

 private:
  const settings::Config& config_;
  const std::unique_ptr<const RouteIndex> index_;
};

}  // namespace sluice::routing
