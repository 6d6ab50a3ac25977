// The host names that requests to a listener may use, according to the configuration. The names in
// the listener's certificates are allowed, too; tls::Context loads those from files.
#pragma once

#include <cstddef>
#include <optional>

#include "sluice/http/host_names.h"
#include "sluice/settings/config.h"

namespace sluice::routing {

/// Returns the names of `hosts` and of the routes' `host`. Unset if any name is allowed: `hosts`
/// has a `*`, or there is no `hosts` and the listener is not on a loopback address.
std::optional<http::HostNames> HostNamesOf(const settings::Config& config, size_t listener);

}  // namespace sluice::routing
