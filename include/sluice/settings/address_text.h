// IP addresses, host names and ports as text: the parts of every address of the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::settings {

/// Returns the usual spelling of an IPv4 or IPv6 address (without brackets), or nothing for other
/// texts.
std::optional<std::string> NormalizeIp(std::string_view text);

/// Does the same as NormalizeIp(), for IPv6 only.
std::optional<std::string> NormalizeIpv6(std::string_view text);

/// Does the same as NormalizeIpv6(), also with a zone (`fe80::1%eth0`), which stays unchanged.
std::optional<std::string> NormalizeZonedIpv6(std::string_view text);

/// Returns what is wrong with the zone of an IPv6 address (without brackets), and what was expected
/// ("has a link-local address without a zone; expected …"); nothing if it is right, or if `text` is
/// no IPv6 address.
std::optional<std::string> ZoneFault(std::string_view text);

/// Returns what is wrong with `name` as the name of a host ("has an empty label"), or nothing if it
/// is one: letters, digits, `-` and `_` between dots, at most 253 characters. A dot at the end is
/// allowed.
std::optional<std::string> HostNameFault(std::string_view name);

/// Parses all of `text` as a decimal port. Returns nothing for other texts, and for ports below
/// `min`.
std::optional<uint16_t> ParsePort(std::string_view text, uint16_t min);

}  // namespace sluice::settings
