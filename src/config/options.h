// The section `defaults`, and those of its keys that a route can have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/config.h"
#include "sluice/settings/limits.h"
#include "sluice/settings/session_options.h"
#include "sluice/settings/timeout.h"

#include "config/reader.h"

namespace sluice::config {

/// Reads `defaults`. Begins with the built-in defaults.
struct Defaults {
  settings::Limits limits;
  settings::Timeout handshake_timeout = settings::Config().handshake_timeout;
  settings::Timeout drain_timeout = settings::Config().drain_timeout;
  settings::SessionOptions options;
};

void ReadDefaults(Reader& reader, const Value& value, Defaults& defaults);

// Each reads one key of `defaults` or of a route. Keys that the file does not have stay unchanged.
void ReadKeepalive(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadRouteTimeouts(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadRouteLimits(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadOnRemoval(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadOnDialFailure(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadCloseCodes(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadSubprotocols(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadOrigins(Reader& reader, const Value& value, settings::SessionOptions& options);
void ReadRequireOrigin(Reader& reader, const Value& value, settings::SessionOptions& options);

/// Reads `hosts`: names that requests may use.
void ReadHosts(Reader& reader, const Value& value, std::optional<std::vector<std::string>>& hosts);

void AddOptionMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
