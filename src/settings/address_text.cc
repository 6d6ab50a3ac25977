#include "sluice/settings/address_text.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <net/if.h>

#include "sluice/base/ip.h"
#include "sluice/base/text.h"

namespace sluice::settings {
namespace {

using base::IsDigit;

std::optional<std::string> NormalizeFamily(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  std::array<char, INET6_ADDRSTRLEN> spelling;
  // inet_pton() reads up to a NUL, which the view may contain.
  if (text.find('\0') != std::string_view::npos ||
      inet_pton(family, std::string(text).c_str(), address.data()) != 1 ||
      inet_ntop(family, address.data(), spelling.data(), spelling.size()) == nullptr) {
    return std::nullopt;
  }
  return spelling.data();
}

constexpr bool IsLabelCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

// Returns true for the name of a network interface of Linux, or its number.
bool IsZone(std::string_view zone) {
  if (zone.empty() || zone.size() >= IF_NAMESIZE || zone == "." || zone == "..") return false;
  if (std::all_of(zone.begin(), zone.end(), [](char c) { return c == '0'; })) return false;
  return std::all_of(zone.begin(), zone.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("%/:[]").find(c) == std::string_view::npos;
  });
}

}  // namespace

std::optional<std::string> NormalizeIp(std::string_view text) {
  const auto ipv4 = NormalizeFamily(AF_INET, text);
  return ipv4 ? ipv4 : NormalizeFamily(AF_INET6, text);
}

std::optional<std::string> NormalizeIpv6(std::string_view text) {
  return NormalizeFamily(AF_INET6, text);
}

std::optional<std::string> NormalizeZonedIpv6(std::string_view text) {
  const auto percent = std::min(text.find('%'), text.size());
  auto address = NormalizeIpv6(text.substr(0, percent));
  if (address) *address += text.substr(percent);
  return address;
}

std::optional<std::string> ZoneFault(std::string_view text) {
  const auto percent = text.find('%');
  const auto address = NormalizeIpv6(text.substr(0, percent));
  if (!address) return std::nullopt;
  const bool is_link_local = base::IpAddress::Parse(*address)->IsLinkLocal();
  const std::string with_zone = "[" + *address + "%eth0]";
  if (percent == std::string_view::npos) {
    if (!is_link_local) return std::nullopt;
    return "has a link-local address without a zone; expected an interface after a %, as in " +
           with_zone;
  }
  if (!is_link_local) {
    return "has a zone, which only a link-local address (fe80::/10) has; expected [" + *address +
           ']';
  }
  if (IsZone(text.substr(percent + 1))) return std::nullopt;
  return "has a zone that is no interface; expected its name (at most 15 characters) or its "
         "number, as in " +
         with_zone;
}

std::optional<std::string> HostNameFault(std::string_view name) {
  if (name.empty()) return "has no host";
  if (name.size() > 253) return "has a host name of more than 253 characters";
  if (name.ends_with('.')) name.remove_suffix(1);
  for (;;) {
    const auto label = name.substr(0, name.find('.'));
    if (label.empty()) return "has a host name with nothing before a dot";
    if (label.size() > 63) return "has a host name with more than 63 characters between dots";
    if (!std::all_of(label.begin(), label.end(), IsLabelCharacter)) {
      return "has a host name with other characters than letters, digits, '-', '_' and '.'";
    }
    if (label.size() == name.size()) {
      // No name ends in a number (RFC 3696 section 2), so this is a wrong IPv4 address.
      const bool is_number = std::all_of(label.begin(), label.end(), IsDigit);
      return is_number ? std::optional("has a host that is no valid IPv4 address") : std::nullopt;
    }
    name.remove_prefix(label.size() + 1);
  }
}

std::optional<uint16_t> ParsePort(std::string_view text, uint16_t min) {
  const auto number = base::ParseNumber(text, 65535);
  if (!number || *number < min) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

}  // namespace sluice::settings
