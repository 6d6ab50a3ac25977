// From a request's host and path to its route. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/config/types.h"

namespace sluice::routing {

/// `host` as a pattern is matched with: lower case, without the port, and without a trailing dot.
std::string NormalizeHost(std::string_view host);

/// Whether `match` takes a request for `path` (percent-decoded) at `host` (normalized).
bool Matches(const config::Match& match, std::string_view host, std::string_view path);

/// Names and values.
using Captures = std::vector<std::pair<std::string, std::string>>;

/// What the patterns of `match` capture of a request that it matches.
Captures CapturesOf(const config::Match& match, std::string_view host, std::string_view path);

/// The routes of a configuration, which outlives it. Safe to share among threads.
class Router {
 public:
  explicit Router(const config::Config& config) : config_(config) {}

  /// The first route in the order of the file that matches, as an index into Config::routes. `host`
  /// is the request's authority as it was sent.
  std::optional<size_t> Find(std::string_view host, std::string_view path) const;

 private:
  const config::Config& config_;
};

}  // namespace sluice::routing
