// Which host names the requests to a listener may use, by the configuration alone. The names in the
// listener's certificates count, too; they are in files, and known to tls::Context.
#pragma once

#include <cstddef>
#include <optional>

#include "sluice/http/host_names.h"
#include "sluice/settings/config.h"

namespace sluice::routing {

/// Returns the names of `hosts` and of the routes' `host`. Nothing if any name may be used: `hosts`
/// has a `*`, or there is no `hosts` and the listener is not on a loopback address.
std::optional<http::HostNames> HostNamesOf(const settings::Config& config, size_t listener);

}  // namespace sluice::routing
