// The certificate authorities of the system, which verify servers if no file is configured.
#pragma once

namespace sluice::tls {

/// Returns true if OpenSSL would find a certificate of an authority in its default places: the file
/// SSL_CERT_FILE or its default, and the directories SSL_CERT_DIR or their defaults. A minimal
/// container often has none, and then no server can be verified.
bool HasSystemAuthorities();

}  // namespace sluice::tls
