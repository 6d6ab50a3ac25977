// Backends whose servers are WebSockets.
#pragma once

#include <optional>
#include <vector>

#include "sluice/settings/backend.h"

#include "config/reader.h"

namespace sluice::config {

/// Reads `websocket` of a backend, whose servers have been read.
void ReadWebSocketClient(Reader& reader, const Value& value, settings::Backend& backend);

/// Checks that the servers of `backend`, which is `value` in the file, fit together: all or none of
/// them are WebSockets, of one scheme. `tls` is set if the file requests TLS; `wss://` implies it.
void CheckSchemes(Reader& reader, const Value& value, const std::optional<Value>& tls,
                  settings::Backend& backend);

void AddWebSocketMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
