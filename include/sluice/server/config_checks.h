// What a configuration names outside its own text: files, users of this machine. `sluice check` and
// the start of a gateway use the same checks, which call the very functions that the gateway reads
// those files with.
#pragma once

#include "sluice/config/loader.h"

namespace sluice::server {

/// All checks of config::FileChecks but `exposure`, which the log of a gateway has as events.
config::FileChecks AllFileChecks();

}  // namespace sluice::server
