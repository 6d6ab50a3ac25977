// Backends whose servers are WebSockets.
#pragma once

#include <optional>
#include <vector>

#include "sluice/settings/backend.h"

#include "config/reader.h"

namespace sluice::config {

/// `websocket` of a backend, whose servers have been read.
void ReadWebSocketClient(Reader& reader, const Value& value, settings::Backend& backend);

/// Whether the servers of `backend`, which is `value` in the file, go together: all or none of them
/// are WebSockets, of one scheme. `tls` is where the file asks for TLS; `wss://` asks for it by
/// itself.
void CheckSchemes(Reader& reader, const Value& value, const std::optional<Value>& tls,
                  settings::Backend& backend);

void AddWebSocketMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
