// The configuration of `sluice 8080 localhost:5900`.
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/config.h"

#include "cli/command_line.h"

namespace sluice::cli {

/// Returns a configuration with one listener, one route for every path, one backend of one server,
/// and defaults for everything else. The error names the argument and what was expected.
base::Result<settings::Config, std::string> QuickConfig(const RunQuick& command);

}  // namespace sluice::cli
