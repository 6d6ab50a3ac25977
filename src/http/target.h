// The request target and the authority in it, or in the Host field (RFC 9112 section 3.2).
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/http/request.h"

namespace sluice::http {

struct Target {
  std::string path;       ///< as RequestHead::path
  std::string query;      ///< as RequestHead::query
  std::string authority;  ///< of an absolute form, else empty
};

/// Reads an origin form, or an absolute form with http, https, ws or wss. `target` is visible
/// ASCII.
base::Result<Target, Refusal> ParseTarget(std::string_view target);

/// host[:port] with a name of RFC 3986's characters, an IPv4 address or an IPv6 address in
/// brackets. No user, no percent escapes. Returned as it came but for the colon of an empty port;
/// the error is a detail that goes on from the name of the place ("the Host header ...").
base::Result<std::string, std::string> ParseAuthority(std::string_view authority);

}  // namespace sluice::http
