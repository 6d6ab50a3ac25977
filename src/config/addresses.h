// The sections about sluice's own addresses: listeners, the admin listener, DNS servers.
#pragma once

#include <optional>
#include <vector>

#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"

#include "config/reader.h"

namespace sluice::config {

void ReadListeners(Reader& reader, const Value& value, const FileChecks& checks,
                   std::vector<settings::Listener>& listeners);

/// Called after the listeners are read, because it may not use their addresses.
void ReadAdmin(Reader& reader, const Value& value, const std::vector<settings::Listener>& listeners,
               std::optional<settings::Admin>& admin);

void ReadDns(Reader& reader, const Value& value, settings::Dns& dns);

void AddAddressMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
