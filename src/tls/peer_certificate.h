// Reads the certificate that a client has sent in its TLS handshake.
#pragma once

#include <memory>
#include <string>

#include "sluice/net/tls_state.h"

struct ssl_st;
struct X509_name_st;

namespace sluice::tls {

/// Returns the client's certificate; null if there is no verified one.
std::shared_ptr<const net::PeerCertificate> ReadPeerCertificate(const ssl_st* connection);

/// Returns the name of a certificate's subject in the form of RFC 2253: `CN=alice,O=Example`.
std::string SubjectText(const X509_name_st* subject);

}  // namespace sluice::tls
