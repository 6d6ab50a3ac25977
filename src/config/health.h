// The section `health_check` of a backend.
#pragma once

#include <vector>

#include "sluice/settings/backend.h"

#include "config/reader.h"

namespace sluice::config {

settings::HealthCheck ReadHealthCheck(Reader& reader, const Value& value);

void AddHealthMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
