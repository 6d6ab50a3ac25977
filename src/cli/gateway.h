// Runs the gateway in this process until a signal ends it.
#pragma once

#include "sluice/base/log.h"
#include "sluice/config/types.h"

namespace sluice::cli {

/// The exit code: 0 after a drain, 1 if it could not start. SIGTERM and SIGINT drain; a second one
/// ends at once. Called once, from the main thread.
int RunGateway(config::Config config, base::Log& log);

}  // namespace sluice::cli
