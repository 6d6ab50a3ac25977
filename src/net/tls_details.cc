#include "sluice/net/tls_details.h"

#include <openssl/ssl.h>

#include "sluice/net/tls_stream.h"

namespace sluice::net {

TlsDetails TlsStream::DescribeTls() const {
  TlsDetails details;
  const SSL* const connection = connection_.get();
  if (state_.handshake != TlsState::Handshake::kDone) return details;
  details.version = SSL_get_version(connection);
  details.cipher = SSL_get_cipher_name(connection);
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(connection, &protocol, &size);
  if (protocol != nullptr) details.protocol.assign(protocol, protocol + size);
  if (const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name)) {
    details.server_name = name;
  }
  return details;
}

}  // namespace sluice::net
