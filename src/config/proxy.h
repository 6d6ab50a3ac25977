// What the file says of proxies: in front of sluice, whose word about the client counts, and
// towards backends.
#pragma once

#include <optional>
#include <vector>

#include "sluice/settings/backend.h"
#include "sluice/settings/listener.h"

#include "config/reader.h"

namespace sluice::config {

/// An address range or `unix`, which is added to `sources`.
void ReadSource(Reader& reader, const Value& item, settings::Sources& sources);

/// `proxy_protocol` and `proxy_protocol_from` of a listener. Nothing if it is off, which is the
/// default.
std::optional<settings::ProxyProtocol> ReadProxyProtocol(Reader& reader,
                                                         const std::optional<Value>& mode,
                                                         const std::optional<Value>& from);

/// `proxy_protocol` of a backend.
void ReadSendProxy(Reader& reader, const Value& value, settings::SendProxy& send);

/// `trusted_proxies`, a list or a mapping.
void ReadTrustedProxies(Reader& reader, const Value& value,
                        std::optional<settings::TrustedProxies>& trusted_proxies);

void AddProxyMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
