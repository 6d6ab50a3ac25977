// Parses host and path patterns, and allowed origins. Pure. An error is one sentence with the fault
// and what was expected.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/settings/route.h"

namespace sluice::config {

/// Parses a host name or IPv4 address, or `*.` or `{name}.` and a name. Returns it in lower case,
/// without a dot at its end.
base::Result<std::string, std::string> ParseHostPattern(std::string_view text);

/// Parses an entry of `hosts`: a host name, `*.` and a name, or `*`. Returns it in lower case,
/// without a dot at its end.
base::Result<std::string, std::string> ParseHostName(std::string_view text);

/// Parses `/exact` or `/prefix/**`, with `{name}` for a segment, and `{name...}` at the end.
base::Result<settings::PathPattern, std::string> ParsePathPattern(std::string_view text);

/// Parses a name of a certificate with its type: `dns:host.example.com`, `dns:*.example.com`,
/// `uri:spiffe://example.org/billing`, `email:anna@example.org` or `cn:anna`.
base::Result<std::string, std::string> ParseCertificateName(std::string_view text);

/// Parses `*`, `null`, `file://`, `scheme://*` for a scheme other than http and https, or
/// `scheme://host[:port]`, where the host may begin with `*.` and the port may be `*`. Returns it
/// as a browser sends it (RFC 6454 section 6.2): in lower case, without the default port of http
/// and https.
base::Result<std::string, std::string> ParseOrigin(std::string_view text);

}  // namespace sluice::config
