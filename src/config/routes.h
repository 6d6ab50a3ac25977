// The section `routes`.
#pragma once

#include <vector>

#include "sluice/settings/listener.h"
#include "sluice/settings/route.h"
#include "sluice/settings/session_options.h"

#include "config/backends.h"
#include "config/reader.h"

namespace sluice::config {

/// Reads the routes; each begins with `defaults`. Called after ReadListeners() and ReadBackends().
/// Backends in the short form are added to `backends`. Warns about routes that an earlier route
/// hides.
void ReadRoutes(Reader& reader, const Value& value, const settings::SessionOptions& defaults,
                const std::vector<settings::Listener>& listeners, const FileChecks& checks,
                BackendTable& backends, std::vector<settings::Route>& routes);

void AddRouteMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
