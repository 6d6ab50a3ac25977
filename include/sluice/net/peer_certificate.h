// The certificate that a client has shown in its TLS handshake, in words.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ssl_st;

namespace sluice::net {

/// Whose signature has been verified: nobody is made out of one that has not.
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

/// Null if there is none that was verified.
std::shared_ptr<const PeerCertificate> ReadPeerCertificate(const ssl_st* connection);

}  // namespace sluice::net
