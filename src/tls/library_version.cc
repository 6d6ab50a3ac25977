#include "sluice/tls/library_version.h"

#include <openssl/crypto.h>

namespace sluice::tls {

std::string OpenSslVersion() {
  return OpenSSL_version(OPENSSL_VERSION);
}

}  // namespace sluice::tls
