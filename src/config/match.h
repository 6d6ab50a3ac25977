// The section `match` of a route.
#pragma once

#include <vector>

#include "sluice/settings/listener.h"
#include "sluice/settings/route.h"

#include "config/reader.h"

namespace sluice::config {

/// Called after ReadListeners().
void ReadMatch(Reader& reader, const Value& value, const std::vector<settings::Listener>& listeners,
               settings::Match& match);

/// Checks that the conditions fit the rest of the route, all of which has been read.
void CheckMatch(Reader& reader, const Value& value,
                const std::vector<settings::Listener>& listeners, const settings::Route& route);

void AddMatchMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
