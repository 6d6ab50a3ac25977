// The section `tls` of a listener.
#pragma once

#include <vector>

#include "sluice/config/loader.h"
#include "sluice/config/types.h"

#include "config/reader.h"

namespace sluice::config {

Tls ReadTls(Reader& reader, const Value& value, const CertificateCheck& check_certificate);

void AddTlsMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
