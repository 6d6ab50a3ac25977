// The settings of proxies in front of sluice that report the client, and of PROXY headers to
// backends.
#pragma once

#include <optional>
#include <vector>

#include "sluice/settings/backend.h"
#include "sluice/settings/listener.h"

#include "config/reader.h"

namespace sluice::config {

/// Reads an address range or `unix`, and adds it to `sources`.
void ReadSource(Reader& reader, const Value& item, settings::Sources& sources);

/// Reads `proxy_protocol` and `proxy_protocol_from` of a listener. Returns nothing if it is off,
/// the default.
std::optional<settings::ProxyProtocol> ReadProxyProtocol(Reader& reader,
                                                         const std::optional<Value>& mode,
                                                         const std::optional<Value>& from);

/// Reads `proxy_protocol` of a backend.
void ReadSendProxy(Reader& reader, const Value& value, settings::SendProxy& send);

/// Reads `trusted_proxies`, a list or a mapping.
void ReadTrustedProxies(Reader& reader, const Value& value,
                        std::optional<settings::TrustedProxies>& trusted_proxies);

void AddProxyMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
