#include "sluice/net/tls_details.h"

#include <array>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "sluice/net/tls_stream.h"

namespace sluice::net {
namespace {

std::string CommonName(const X509* certificate) {
  std::array<char, 256> text{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             text.data(), static_cast<int>(text.size()));
  return size > 0 ? std::string(text.data(), static_cast<size_t>(size)) : std::string();
}

}  // namespace

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
  const X509* const certificate = SSL_get0_peer_certificate(connection);
  if (certificate != nullptr && SSL_get_verify_result(connection) == X509_V_OK) {
    details.has_certificate = true;
    details.common_name = CommonName(certificate);
  }
  return details;
}

}  // namespace sluice::net
