// An IP address and port, in the kernel's form and as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/settings/endpoint.h"

namespace sluice::net {

/// Small (28 bytes), because every session keeps its client's address.
class Address {
 public:
  Address() = default;
  /// Converts an address of the kernel or the resolver; empty if it is neither IPv4 nor IPv6.
  static Address From(const sockaddr* address);
  /// Parses a literal without brackets; unset if `host` is a name.
  static std::optional<Address> Parse(std::string_view host, uint16_t port);
  static Address From(const base::IpAddress& ip, uint16_t port);
  /// Converts an endpoint of the configuration; unset if its host is not an IP address. The zone of
  /// a link-local address is the name or number of an interface; the error names an interface that
  /// this machine does not have at the moment.
  static base::Result<std::optional<Address>, std::string> Of(const settings::Endpoint& endpoint);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const;
  sa_family_t family() const { return storage_.v4.sin_family; }
  uint16_t port() const;
  void set_port(uint16_t port);
  /// Returns the IP address; unset if empty.
  std::optional<base::IpAddress> ip() const;
  /// Returns the number of the interface of a link-local address; 0 for any other address.
  uint32_t scope_id() const;

  /// Returns a text such as `10.0.0.1:5900` or `[::1]:22`. An IPv4 address inside IPv6 (RFC 4291
  /// section 2.5.5.2) is written as IPv4, a link-local address with its zone: `[fe80::1%eth0]:22`.
  /// Port 0 means an unknown port and is omitted: `10.0.0.1`, `::1`. An empty address is `unix`,
  /// because a client without an IP address uses a Unix socket.
  std::string ToString() const;

  /// Compares addresses; an IPv4 address inside IPv6 equals the IPv4 address.
  bool operator==(const Address& other) const {
    return ip() == other.ip() && port() == other.port() && scope_id() == other.scope_id();
  }

 private:
  union Storage {
    sockaddr_in6 v6;
    sockaddr_in v4;
  };
  Storage storage_{};
};

/// Returns the zone of an interface: its name, or its number if the interface is gone.
std::string ZoneOf(uint32_t scope_id);

}  // namespace sluice::net
