// What a configuration leaves open, so that nobody runs open without having been told.
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
  /// Routes to backends that ask nobody who he is, in the order of the file, where there is a
  /// listener that does not ask either. Views of the configuration.
  std::vector<std::string_view> routes;
  bool to_other_machines = false;  ///< such a listener is not on loopback or a Unix socket alone
  /// Those of `routes` that a web page can reach whose name was re-pointed to this gateway (DNS
  /// rebinding): they have neither `host` nor `origins`, and a listener without `hosts` accepts any
  /// name.
  std::vector<std::string_view> of_any_host = {};
};

Exposure FindExposure(const settings::Config& config);

/// How the configuration was given, and so how it can be changed.
enum class ConfigForm : uint8_t { kFile, kCommandLine };

/// Logs one line about open routes, and one about those of any host, if there are such.
void TellExposure(const settings::Config& config, ConfigForm form, base::Log& log);

/// The warning about a route that is one of Exposure::of_any_host; nothing about others.
std::optional<std::string> AnyHostWarning(const settings::Config& config,
                                          const settings::Route& route);

/// The routes' names in one line, the first twenty of them.
std::string ListOf(const std::vector<std::string_view>& routes);

}  // namespace sluice::server
