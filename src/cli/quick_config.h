// The configuration that `sluice 8080 localhost:5900` stands for.
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/config.h"

#include "cli/command_line.h"

namespace sluice::cli {

/// One listener, one route for every path, one backend of one server, everything else at its
/// default. The error names the argument and what was expected.
base::Result<settings::Config, std::string> QuickConfig(const RunQuick& command);

}  // namespace sluice::cli
