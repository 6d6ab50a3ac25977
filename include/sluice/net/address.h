// An IP address and port, as the kernel takes it and as people write it.
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

/// 28 bytes, so that every session can keep its client's.
class Address {
 public:
  Address() = default;
  /// From what the kernel or the resolver gave; empty if it is neither IPv4 nor IPv6.
  static Address From(const sockaddr* address);
  /// From a literal without brackets; nothing if `host` is a name.
  static std::optional<Address> Parse(std::string_view host, uint16_t port);
  static Address From(const base::IpAddress& ip, uint16_t port);
  /// Of a place that the configuration names; nothing if its host is not an IP address. The zone of
  /// a link-local address is the name or the number of an interface, which may come and go: the
  /// error says which this machine does not have.
  static base::Result<std::optional<Address>, std::string> Of(const settings::Endpoint& endpoint);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const;
  sa_family_t family() const { return storage_.v4.sin_family; }
  uint16_t port() const;
  void set_port(uint16_t port);
  /// Nothing if empty.
  std::optional<base::IpAddress> ip() const;
  /// Returns the number of the interface behind a link-local address, 0 for any other address.
  uint32_t scope_id() const;

  /// `10.0.0.1:5900`, `[::1]:22`; an IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) as IPv4; a
  /// link-local address with its zone: `[fe80::1%eth0]:22`; without port 0, which stands for one
  /// that is not known: `10.0.0.1`, `::1`; `unix` if empty, since a client without an IP address
  /// came through a Unix socket.
  std::string ToString() const;

  /// An IPv4 address inside IPv6 is the same as the address itself.
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

/// Returns the zone of an interface: its name, or its number if it has none any more.
std::string ZoneOf(uint32_t scope_id);

}  // namespace sluice::net
