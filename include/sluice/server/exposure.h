// Finds routes that accept any client, so that an operator learns about them at the start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/settings/config.h"
#include "sluice/settings/route.h"

namespace sluice::server {

struct Exposure {
  /// Routes to backends without authentication, in the order of the file, if a listener does not
  /// require client certificates. Views of the configuration.
  std::vector<std::string_view> routes;
  bool to_other_machines = false;  ///< such a listener is not on loopback or a Unix socket
  /// Those of `routes` that a web page can reach by DNS rebinding, after its host name was pointed
  /// to this gateway: they have neither `host` nor `origins`, and a listener without `hosts`
  /// accepts any name.
  std::vector<std::string_view> of_any_host = {};
};

/// Returns the routes that accept any client.
Exposure FindExposure(const settings::Config& config);

/// The form of the configuration, for the advice on how to change it.
enum class ConfigForm : uint8_t { kFile, kCommandLine };

/// Logs one line about the open routes, and one about those of any host, if there are any.
void LogExposure(const settings::Config& config, ConfigForm form, base::Log& log);

/// Returns a warning about a route in Exposure::of_any_host; unset for other routes.
std::optional<std::string> AnyHostWarning(const settings::Config& config,
                                          const settings::Route& route);

/// Returns the routes' names in one line: the first twenty, and the number of the others.
std::string ListOf(const std::vector<std::string_view>& routes);

}  // namespace sluice::server
