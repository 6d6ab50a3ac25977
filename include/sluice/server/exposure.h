// What a configuration leaves open, so that nobody runs open without having been told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/config/types.h"

namespace sluice::server {

struct Exposure {
  /// Routes to backends that ask nobody who he is, in the order of the file, where there is a
  /// listener that does not ask either. Views of the configuration.
  std::vector<std::string_view> routes;
  bool to_other_machines = false;  ///< such a listener is not on loopback or a Unix socket alone
  /// Those of `routes` that a web page can reach whose name was re-pointed to this gateway (DNS
  /// rebinding): they have neither `host` nor `origins`, and a listener without `hosts` accepts any
  /// name.
  std::vector<std::string_view> of_any_host = {};
};

Exposure FindExposure(const config::Config& config);

/// Logs one line about open routes, and one about those of any host, if there are such.
void TellExposure(const config::Config& config, base::Log& log);

/// What to do about Exposure::of_any_host, in one sentence.
inline constexpr std::string_view kAnyHostAdvice =
    "a web page reaches these routes by DNS rebinding; set 'hosts', or 'host', 'origins' or 'auth' "
    "of the routes";

/// The routes' names in one line, the first twenty of them.
std::string ListOf(const std::vector<std::string_view>& routes);

}  // namespace sluice::server
