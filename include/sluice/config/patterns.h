// What a route compares a request with: host and path patterns, and allowed origins, from text.
// Pure; an error is one sentence that says what was wrong and what was expected.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/settings/route.h"

namespace sluice::config {

/// A host name or IPv4 address, or `*.` or `{name}.` and a name; returned in lower case, without a
/// dot at its end.
base::Result<std::string, std::string> ParseHostPattern(std::string_view text);

/// An entry of `hosts`: a host name, `*.` and a name, or `*`; returned in lower case, without a dot
/// at its end.
base::Result<std::string, std::string> ParseHostName(std::string_view text);

/// `/exact` or `/prefix/**`, with `{name}` for a piece between two `/`, and `{name...}` at the end.
base::Result<settings::PathPattern, std::string> ParsePathPattern(std::string_view text);

/// A name of a certificate with its type: `dns:host.example.com`, `dns:*.example.com`,
/// `uri:spiffe://example.org/billing`, `email:anna@example.org` or `cn:anna`.
base::Result<std::string, std::string> ParseCertificateName(std::string_view text);

/// `*`, `null`, `file://`, `scheme://*` for a scheme other than http and https, or
/// `scheme://host[:port]`, where the host may begin with `*.` and the port may be `*`; returned as
/// a browser sends it (RFC 6454 section 6.2): in lower case, without the default port of http and
/// https.
base::Result<std::string, std::string> ParseOrigin(std::string_view text);

}  // namespace sluice::config
