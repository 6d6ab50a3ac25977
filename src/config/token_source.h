// Where a token is looked for: `from` of the methods of `auth`.
#pragma once

#include <vector>

#include "sluice/settings/auth.h"

#include "config/reader.h"

namespace sluice::config {

/// One source, or a list of them, none twice.
std::vector<settings::TokenSource> ReadTokenSources(Reader& reader, const Value& value);

}  // namespace sluice::config
