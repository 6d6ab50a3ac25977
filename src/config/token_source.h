// The places of a token: `from` of the methods of `auth`.
#pragma once

#include <vector>

#include "sluice/settings/auth.h"

#include "config/reader.h"

namespace sluice::config {

/// Reads one source, or a list of different sources.
std::vector<settings::TokenSource> ReadTokenSources(Reader& reader, const Value& value);

}  // namespace sluice::config
