// Writes the PROXY header that sluice puts in front of a connection to a backend.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/proxy/header.h"

namespace sluice::proxy {

/// What a header of version 2 can tell besides the addresses.
struct Details {
  /// Of the client's TLS.
  struct Tls {
    std::string version;  ///< `TLSv1.3`
    std::string cipher;
    bool has_certificate = false;  ///< the client has shown one, and it was good
    std::string common_name;       ///< of its certificate

    bool operator==(const Tls&) const = default;
  };

  std::string alpn;       ///< the application protocol agreed on; empty: none
  std::string authority;  ///< the host that the client asked for; empty: none
  std::string unique_id;  ///< of the connection; empty: none
  std::optional<Tls> tls;
};

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`, CRLF. Without `endpoints`, the client being
/// unknown, `PROXY UNKNOWN`. A pair of IPv4 and IPv6 is written as IPv6.
std::vector<uint8_t> WriteV1(const std::optional<Endpoints>& endpoints);

/// The same as bytes, with a TLV for each detail. What is longer than 255 bytes is left out.
std::vector<uint8_t> WriteV2(const std::optional<Endpoints>& endpoints, const Details& details);

/// Version 2 for a connection of our own, which is nobody's (section 2.2, LOCAL).
std::vector<uint8_t> WriteLocalV2();

}  // namespace sluice::proxy
