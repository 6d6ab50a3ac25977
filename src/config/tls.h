// The sections `tls` of a listener and of a backend.
#pragma once

#include <vector>

#include "sluice/config/loader.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/tls.h"

#include "config/reader.h"

namespace sluice::config {

settings::Tls ReadTls(Reader& reader, const Value& value, const FileChecks& checks);

/// `servers` are the servers of the backend.
settings::BackendTls ReadBackendTls(Reader& reader, const Value& value,
                                    const std::vector<settings::Server>& servers,
                                    const FileChecks& checks);

void AddTlsMappings(std::vector<KnownMapping>& mappings);

/// Warns at `value` if servers with `tls` would be verified by the system's certificate authorities
/// and there are none.
void CheckSystemAuthorities(Reader& reader, const Value& value, const FileChecks& checks,
                            const std::optional<settings::BackendTls>& tls);

}  // namespace sluice::config
