// IP addresses, host names and ports as text: the parts of every address of the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::settings {

/// The usual spelling of an IPv4 or IPv6 address (without brackets), nothing if `text` is neither.
std::optional<std::string> NormalizeIp(std::string_view text);

/// As NormalizeIp(), for IPv6 alone.
std::optional<std::string> NormalizeIpv6(std::string_view text);

/// As NormalizeIpv6(), with a zone or without (`fe80::1%eth0`), which is kept as it is.
std::optional<std::string> NormalizeZonedIpv6(std::string_view text);

/// Returns what is wrong with the zone of an IPv6 address (without brackets), and what was expected
/// ("has a link-local address without a zone; expected …"); nothing if it is right, or if `text` is
/// no IPv6 address.
std::optional<std::string> ZoneFault(std::string_view text);

/// What is wrong with `name` as a host's name ("has an empty label"), nothing if it is one:
/// letters, digits, `-` and `_` between dots, at most 253 characters. A dot at the end is allowed.
std::optional<std::string> HostNameFault(std::string_view name);

/// The whole of `text` as a port, in decimal, nothing if it is anything else or below `min`.
std::optional<uint16_t> ParsePort(std::string_view text, uint16_t min);

}  // namespace sluice::settings
