// Parses the values of options and arguments. Pure. An error is one sentence with what was expected
// and what was found. It follows the option's name and a colon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/ip.h"
#include "sluice/base/result.h"

#include "cli/command_line.h"

namespace sluice::cli {

template <typename T>
using Parsed = base::Result<T, std::string>;

/// Any text that is not empty.
Parsed<std::string> ParseText(std::string_view text);

/// 0 to 65535; 0 is any free port.
Parsed<uint16_t> ParsePort(std::string_view text);

/// 1 to 60 seconds.
Parsed<unsigned> ParseSeconds(std::string_view text);

/// `text` or `json`.
Parsed<Check::Format> ParseFormat(std::string_view text);

/// A method of HTTP, a token (RFC 9110 section 9.1).
Parsed<std::string> ParseMethod(std::string_view text);

/// A header field, `Name: value`.
Parsed<std::string> ParseHeaderField(std::string_view text);

/// An IP address, or `unix` (nothing).
Parsed<std::optional<base::IpAddress>> ParseClient(std::string_view text);

/// `name=value`
Parsed<Claim> ParseClaim(std::string_view text);

/// A URL of ws, wss, http or https; or `tcp:`.
Parsed<std::string> ParseUrl(std::string_view text);

}  // namespace sluice::cli
