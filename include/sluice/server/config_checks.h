// Checks the files and the users of this machine that a configuration names. `sluice check` and the
// start of a gateway use the same checks, which call the functions that the gateway loads those
// files with.
#pragma once

#include "sluice/config/loader.h"

namespace sluice::server {

/// Returns all checks of config::FileChecks except `exposure`, which a gateway logs as events.
config::FileChecks AllFileChecks();

}  // namespace sluice::server
