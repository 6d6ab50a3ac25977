// The settings of messages: how the backend's bytes map to them, and whether they are compressed.
#pragma once

#include <vector>

#include "sluice/settings/session_options.h"

#include "config/reader.h"

namespace sluice::config {

/// Replaces the complete framing.
void ReadFraming(Reader& reader, const Value& value, settings::SessionOptions& options);

/// Keys that the file does not have stay unchanged.
void ReadCompression(Reader& reader, const Value& value, settings::SessionOptions& options);

void AddFramingMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
