// Writes the PROXY header that sluice sends at the beginning of a connection to a backend.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/proxy/header.h"

namespace sluice::proxy {

/// What a header of version 2 can contain besides the addresses.
struct Details {
  /// The client's TLS.
  struct Tls {
    std::string version;  ///< `TLSv1.3`
    std::string cipher;
    bool has_certificate = false;  ///< the client has sent a valid certificate
    std::string common_name;       ///< of its certificate

    bool operator==(const Tls&) const = default;
  };

  std::string alpn;       ///< the agreed application protocol; empty: none
  std::string authority;  ///< the host that the client has requested; empty: none
  std::string unique_id;  ///< of the connection; empty: none
  std::optional<Tls> tls;
};

/// Returns `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CRLF. Without `endpoints` the client
/// is unknown: `PROXY UNKNOWN`. If only one address is IPv6, both are written as IPv6.
std::vector<uint8_t> WriteV1(const std::optional<Endpoints>& endpoints);

/// Returns the header of version 2, with a TLV for each detail. A detail of more than 255 bytes is
/// omitted.
std::vector<uint8_t> WriteV2(const std::optional<Endpoints>& endpoints, const Details& details);

/// Returns the header of version 2 for a connection without a client, such as a health check
/// (section 2.2, LOCAL).
std::vector<uint8_t> WriteLocalV2();

}  // namespace sluice::proxy
