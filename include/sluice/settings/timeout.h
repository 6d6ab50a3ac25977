// A time limit of the configuration.
#pragma once

#include "sluice/base/clock.h"

namespace sluice::settings {

/// A time limit in milliseconds; zero (`off` in the file): no limit.
using Timeout = base::Duration;

}  // namespace sluice::settings
