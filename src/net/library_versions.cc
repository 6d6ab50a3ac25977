#include "sluice/net/library_versions.h"

#include <event2/event.h>
#include <openssl/crypto.h>

namespace sluice::net {

std::string LibeventVersion() {
  return event_get_version();
}

std::string OpenSslVersion() {
  return OpenSSL_version(OPENSSL_VERSION);
}

}  // namespace sluice::net
