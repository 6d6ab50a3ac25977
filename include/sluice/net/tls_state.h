// What a stream reports of its TLS, as plain values: whoever reads them needs no OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::net {

/// The certificate that a client has shown. Its signature has been verified: there is no
/// PeerCertificate of one that has not.
struct PeerCertificate {
  std::string common_name;             ///< of the subject; empty if it has none, or several
  bool has_alternative_names = false;  ///< of any kind: then the common name names no one
  std::vector<std::string> dns_names;  ///< alternative names, lower case
  std::vector<std::string> emails;     ///< likewise, as they stand
  std::vector<std::string> uris;       ///< likewise, such as spiffe://example.org/billing
  std::string subject;                 ///< as RFC 2253 writes it: `CN=alice,O=Example`
  std::string fingerprint;             ///< SHA-256 of the whole, 64 lower-case hex digits
  /// When the first certificate of its chain expires, in seconds since 1970.
  std::optional<int64_t> expires;
};

/// What is known of the TLS on a connection.
struct TlsState {
  enum class Handshake : uint8_t {
    kUnderWay,
    kDone,
    kFailed,  ///< `failure` says why
    kNotTls,  ///< the client speaks something else: its bytes pass through as they are
  };
  Handshake handshake = Handshake::kUnderWay;
  bool is_resumed = false;  ///< the handshake was a short one, thanks to a ticket
  std::string failure;
  /// The client's; null if it has shown none.
  std::shared_ptr<const PeerCertificate> peer_certificate;
  bool has_peer_ended = false;  ///< the handshake failed since the peer ended the connection
};

/// What both ends of a TLS connection have agreed on. Each is empty if there is none.
struct TlsDetails {
  std::string version;      ///< `TLSv1.3`
  std::string cipher;       ///< `TLS_AES_256_GCM_SHA384`
  std::string protocol;     ///< the application protocol (ALPN): `http/1.1`
  std::string server_name;  ///< the host that the client has asked for (SNI)
};

}  // namespace sluice::net
