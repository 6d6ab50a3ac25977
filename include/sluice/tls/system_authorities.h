// The certificate authorities of the system, which servers are verified by unless a file is named.
#pragma once

namespace sluice::tls {

/// Returns true if OpenSSL would find a certificate of an authority in its default places: the file
/// SSL_CERT_FILE or its default, and the directories SSL_CERT_DIR or theirs. A minimal container
/// often has none, and then no server can be verified.
bool HasSystemAuthorities();

}  // namespace sluice::tls
