// The section `match` of a route.
#pragma once

#include <vector>

#include "sluice/config/types.h"

#include "config/reader.h"

namespace sluice::config {

/// Comes after ReadListeners().
void ReadMatch(Reader& reader, const Value& value, const std::vector<Listener>& listeners,
               Match& match);

/// Whether the conditions and the rest of the route, all of which has been read, go together.
void CheckMatch(Reader& reader, const Value& value, const std::vector<Listener>& listeners,
                const Route& route);

void AddMatchMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
