#include "sluice/tls/client_context.h"

#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sluice/net/address.h"

#include "tls/error.h"
#include "tls/pem_files.h"

namespace sluice::tls {
namespace {

SSL_CTX* NewContext() {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // As in Context.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return context;
}

/// Makes the handshake fail unless the certificate is for `host` (RFC 6125).
bool Expect(SSL* connection, const std::string& host, bool is_address) {
  if (host.empty()) return false;  // OpenSSL would accept any host.
  X509_VERIFY_PARAM* const param = SSL_get0_param(connection);
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1;
}

}  // namespace

base::Result<std::shared_ptr<const ClientContext>, std::string> ClientContext::Create(
    const settings::BackendTls& tls) {
  std::shared_ptr<ClientContext> made(new ClientContext());
  made->server_name_ = tls.server_name;
  made->is_verified_ = !tls.insecure_skip_verify;
  made->context_.reset(NewContext());
  SSL_CTX* const context = made->context_.get();
  if (context == nullptr) return base::Unexpected("OpenSSL: " + ConsumeError());
  if (made->is_verified_) SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!tls.ca.empty()) {
    if (const auto error = LoadAuthorities(context, tls.ca)) {
      return base::Unexpected(tls.ca + ' ' + *error);
    }
  } else if (made->is_verified_ && SSL_CTX_set_default_verify_paths(context) != 1) {
    return base::Unexpected("the system's authorities: " + ConsumeError());
  }
  if (tls.certificate) {
    if (const auto fault = LoadCertificate(context, *tls.certificate)) {
      const auto& path = fault->is_in_key ? tls.certificate->key : tls.certificate->cert;
      return base::Unexpected(path + ' ' + fault->message);
    }
  }
  return std::shared_ptr<const ClientContext>(std::move(made));
}

std::optional<int64_t> ClientContext::Expiry() const {
  if (SSL_CTX_get0_certificate(context_.get()) == nullptr) return std::nullopt;
  return ExpiryOf(context_.get());
}

ConnectionPtr ClientContext::Connect(const std::string& host) const {
  std::string name = server_name_.empty() ? host : server_name_;
  if (name.ends_with('.')) name.pop_back();  // Names in certificates have no final dot.
  const bool is_address = net::Address::Parse(name, 0).has_value();
  ConnectionPtr connection(SSL_new(context_.get()));
  if (connection) {
    SSL_set_connect_state(connection.get());
    // An IP address is not allowed in SNI (RFC 6066 section 3).
    const bool is_named =
        is_address || SSL_set_tlsext_host_name(connection.get(), name.c_str()) == 1;
    if (!is_named || (is_verified_ && !Expect(connection.get(), name, is_address))) {
      connection.reset();
    }
  }
  ERR_clear_error();
  return connection;
}

}  // namespace sluice::tls
