// The TLS state of a stream as plain values, so that their users need no OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::net {

/// The certificate that a client has sent. Its signature has been verified.
struct PeerCertificate {
  std::string common_name;             ///< of the subject; empty if it has none, or several
  bool has_alternative_names = false;  ///< of any kind; if true, the common name does not count
  std::vector<std::string> dns_names;  ///< alternative names, lower case
  std::vector<std::string> emails;     ///< alternative names, unchanged
  std::vector<std::string> uris;       ///< alternative names, such as spiffe://example.org/billing
  std::string subject;                 ///< in the form of RFC 2253: `CN=alice,O=Example`
  std::string fingerprint;             ///< SHA-256 of the certificate, 64 lower-case hex digits
  /// The time when the first certificate of its chain expires, in seconds since 1970.
  std::optional<int64_t> expires;
};

/// The TLS state of a connection.
struct TlsState {
  enum class Handshake : uint8_t {
    kUnderWay,
    kDone,
    kFailed,  ///< `failure` says why
    kNotTls,  ///< the client does not speak TLS: its bytes pass through unchanged
  };
  Handshake handshake = Handshake::kUnderWay;
  bool is_resumed = false;  ///< the handshake resumed a session by a ticket
  std::string failure;
  /// The client's certificate; null if it has sent none.
  std::shared_ptr<const PeerCertificate> peer_certificate;
  bool has_peer_ended = false;  ///< the handshake failed because the peer ended the connection
};

/// The parameters of a TLS connection. Each is empty if there is none.
struct TlsDetails {
  std::string version;      ///< `TLSv1.3`
  std::string cipher;       ///< `TLS_AES_256_GCM_SHA384`
  std::string protocol;     ///< the application protocol (ALPN): `http/1.1`
  std::string server_name;  ///< the host that the client has requested (SNI)
};

}  // namespace sluice::net
