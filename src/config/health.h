// The section `health_check` of a backend.
#pragma once

#include <vector>

#include "sluice/config/types.h"

#include "config/reader.h"

namespace sluice::config {

HealthCheck ReadHealthCheck(Reader& reader, const Value& value);

void AddHealthMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
