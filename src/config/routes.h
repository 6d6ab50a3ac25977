// The section `routes`.
#pragma once

#include <vector>

#include "sluice/config/types.h"

#include "config/backends.h"
#include "config/reader.h"

namespace sluice::config {

/// Reads the routes; each begins with `defaults`. Comes after ReadListeners() and ReadBackends();
/// backends in the short form are added to `backends`. Warns of routes that an earlier one hides.
void ReadRoutes(Reader& reader, const Value& value, const SessionOptions& defaults,
                const std::vector<Listener>& listeners, const FileChecks& checks,
                BackendTable& backends, std::vector<Route>& routes);

void AddRouteMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
