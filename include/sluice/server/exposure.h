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
};

Exposure FindExposure(const config::Config& config);

/// One line in the log, if anything is open.
void TellExposure(const config::Config& config, base::Log& log);

/// The routes' names in one line, the first twenty of them.
std::string ListOf(const std::vector<std::string_view>& routes);

}  // namespace sluice::server
