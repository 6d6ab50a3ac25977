// What both ends of a TLS connection have agreed on, in words that others take.
#pragma once

#include <string>

namespace sluice::net {

/// Each is empty if there is none.
struct TlsDetails {
  std::string version;      ///< `TLSv1.3`
  std::string cipher;       ///< `TLS_AES_256_GCM_SHA384`
  std::string protocol;     ///< the application protocol (ALPN): `http/1.1`
  std::string server_name;  ///< the host that the client has asked for (SNI)
};

}  // namespace sluice::net
