#include "sluice/net/address.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>

#include <arpa/inet.h>
#include <net/if.h>

#include "sluice/base/text.h"

namespace sluice::net {
namespace {

/// Returns the text of an IPv4 address, with the port if there is one. inet_ntop takes ten times as
/// long, and every session logs an address.
std::string Dotted(const void* address, uint16_t port) {
  std::array<uint8_t, 4> bytes;
  std::memcpy(bytes.data(), address, bytes.size());
  std::string text;
  text.reserve(std::string_view("255.255.255.255:65535").size());
  const auto append = [&text](unsigned number) {
    std::array<char, 5> digits;
    text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
  };
  for (const uint8_t byte : bytes) {
    if (!text.empty()) text.push_back('.');
    append(byte);
  }
  if (port != 0) {
    text.push_back(':');
    append(port);
  }
  return text;
}

/// Returns the number of the interface; 0 with errno if there is none. Names are looked up before
/// numbers, because Linux allows names of digits.
uint32_t FindInterface(const std::string& zone) {
  if (const unsigned index = if_nametoindex(zone.c_str()); index != 0 || errno != ENODEV) {
    return index;
  }
  const auto number = base::ParseNumber(zone, std::numeric_limits<uint32_t>::max());
  std::array<char, IF_NAMESIZE> name;
  const bool exists =
      number && if_indextoname(static_cast<unsigned>(*number), name.data()) != nullptr;
  if (!number) errno = ENODEV;
  return exists ? static_cast<uint32_t>(*number) : 0;
}

}  // namespace

Address Address::From(const sockaddr* address) {
  Address result;
  if (address->sa_family == AF_INET) {
    std::memcpy(&result.storage_.v4, address, sizeof(sockaddr_in));
  } else if (address->sa_family == AF_INET6) {
    std::memcpy(&result.storage_.v6, address, sizeof(sockaddr_in6));
  }
  return result;
}

std::optional<Address> Address::Parse(std::string_view host, uint16_t port) {
  const std::string text(host);
  Address result;
  if (inet_pton(AF_INET, text.c_str(), &result.storage_.v4.sin_addr) == 1) {
    result.storage_.v4.sin_family = AF_INET;
  } else if (inet_pton(AF_INET6, text.c_str(), &result.storage_.v6.sin6_addr) == 1) {
    result.storage_.v6.sin6_family = AF_INET6;
  } else {
    return std::nullopt;
  }
  result.set_port(port);
  return result;
}

Address Address::From(const base::IpAddress& ip, uint16_t port) {
  Address result;
  if (ip.is_v4()) {
    result.storage_.v4.sin_family = AF_INET;
    std::memcpy(&result.storage_.v4.sin_addr, &ip.bytes()[12], 4);
  } else {
    result.storage_.v6.sin6_family = AF_INET6;
    std::memcpy(&result.storage_.v6.sin6_addr, ip.bytes().data(), 16);
  }
  result.set_port(port);
  return result;
}

base::Result<std::optional<Address>, std::string> Address::Of(const settings::Endpoint& endpoint) {
  const std::string_view host = endpoint.HostWithoutZone();
  const bool has_ip = endpoint.kind == settings::Endpoint::Kind::kTcp || endpoint.is_websocket();
  auto address = has_ip ? Parse(host, endpoint.port) : std::nullopt;
  if (!address || host.size() == endpoint.host.size()) return address;
  const std::string zone = endpoint.host.substr(host.size() + 1);
  address->storage_.v6.sin6_scope_id = FindInterface(zone);
  if (address->scope_id() != 0) return address;
  if (errno != ENODEV && errno != ENXIO) {
    return base::Unexpected("cannot find the interface '" + zone + "': " + std::strerror(errno));
  }
  return base::Unexpected("this machine has no network interface '" + zone +
                          "'; check the zone after the % of the address ('ip link' lists the "
                          "interfaces)");
}

socklen_t Address::size() const {
  return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

// The port is at the same place in both.
uint16_t Address::port() const {
  return ntohs(storage_.v4.sin_port);
}
void Address::set_port(uint16_t port) {
  storage_.v4.sin_port = htons(port);
}

std::optional<base::IpAddress> Address::ip() const {
  const auto bytes = [](const auto& address) {
    return std::span(reinterpret_cast<const uint8_t*>(&address), sizeof(address));
  };
  if (family() == AF_INET) return base::IpAddress::FromBytes(bytes(storage_.v4.sin_addr));
  if (family() == AF_INET6) return base::IpAddress::FromBytes(bytes(storage_.v6.sin6_addr));
  return std::nullopt;
}

uint32_t Address::scope_id() const {
  return family() == AF_INET6 ? storage_.v6.sin6_scope_id : 0;
}

std::string Address::ToString() const {
  if (family() == AF_INET) return Dotted(&storage_.v4.sin_addr, port());
  if (family() == AF_INET6) {
    if (IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr)) {
      return Dotted(&storage_.v6.sin6_addr.s6_addr[12], port());
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text.data(), text.size());
    std::string host = text.data();
    if (scope_id() != 0) host += '%' + ZoneOf(scope_id());
    if (port() == 0) return host;
    return '[' + host + "]:" + std::to_string(port());
  }
  return "unix";
}

std::string ZoneOf(uint32_t scope_id) {
  std::array<char, IF_NAMESIZE> name;
  if (if_indextoname(scope_id, name.data()) != nullptr) return name.data();
  return std::to_string(scope_id);
}

}  // namespace sluice::net
