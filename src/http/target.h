// The request target and the authority in it, or in the Host field (RFC 9112 section 3.2).
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/http/request.h"

namespace sluice::http {

struct Target {
  std::string path;       ///< see RequestHead::path
  std::string query;      ///< see RequestHead::query
  std::string authority;  ///< of an absolute form, else empty
};

/// Parses a target in origin form, or in absolute form with http, https, ws or wss. `target` is
/// visible ASCII.
base::Result<Target, Refusal> ParseTarget(std::string_view target);

/// Parses host[:port], where the host is a name of RFC 3986's characters, an IPv4 address or an
/// IPv6 address in brackets, without a user or percent escapes. Returns the text without the colon
/// of an empty port. The error continues a sentence that begins with its place ("the Host header
/// ...").
base::Result<std::string, std::string> ParseAuthority(std::string_view authority);

}  // namespace sluice::http
