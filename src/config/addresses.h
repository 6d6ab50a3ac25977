// The sections that are about sluice's own addresses: where it listens, and whom it asks for names.
#pragma once

#include <optional>
#include <vector>

#include "sluice/config/types.h"

#include "config/reader.h"

namespace sluice::config {

void ReadListeners(Reader& reader, const Value& value, const FileChecks& checks,
                   std::vector<Listener>& listeners);

/// Comes after the listeners, whose addresses it may not use.
void ReadAdmin(Reader& reader, const Value& value, const std::vector<Listener>& listeners,
               std::optional<Admin>& admin);

void ReadDns(Reader& reader, const Value& value, Dns& dns);

void AddAddressMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
