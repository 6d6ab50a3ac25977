// What a route compares a request with: host and path patterns, and allowed origins, from text.
// Pure; errors as in values.h.
#pragma once

#include <string>
#include <string_view>

#include "sluice/config/types.h"

#include "config/values.h"

namespace sluice::config {

/// A host name or IPv4 address, or `*.` and a name; returned in lower case, without a dot at its
/// end.
Parsed<std::string> ParseHostPattern(std::string_view text);

/// `/exact` or `/prefix/**`.
Parsed<PathPattern> ParsePathPattern(std::string_view text);

/// `*`, `null` or `scheme://host[:port]`; returned as a browser sends it (RFC 6454 section 6.2): in
/// lower case, without the default port of http and https.
Parsed<std::string> ParseOrigin(std::string_view text);

}  // namespace sluice::config
