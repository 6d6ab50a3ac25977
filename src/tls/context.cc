#include "sluice/tls/context.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sluice/base/text.h"

#include "tls/client_chain.h"
#include "tls/error.h"
#include "tls/pem_files.h"

namespace sluice::tls {
namespace {

// The default ciphers of TLS 1.2: those with forward secrecy and authenticated encryption. All
// ciphers of 1.3 have both.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
// The prefix of ciphers of TLS 1.3, which OpenSSL keeps in a separate list.
constexpr std::string_view kNewCipherPrefix = "TLS_";
// Only sessions with this name are resumed. Without a name, OpenSSL refuses to resume sessions with
// a client certificate.
constexpr unsigned char kSessionName[] = "sluice";
constexpr unsigned char kHttp[] = "\x08http/1.1";

using Fault = settings::CertificateFault;

std::string LowerCaseText(const ASN1_STRING* text) {
  const auto* const data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
  return base::ToLower({data, static_cast<size_t>(ASN1_STRING_length(text))});
}

/// Returns the hosts that a certificate is for. The subject counts only without alternative names
/// (RFC 6125 section 6.4.4).
std::vector<std::string> HostsOf(const X509* certificate) {
  std::vector<std::string> hosts;
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) hosts.push_back(LowerCaseText(name->d.dNSName));
  }
  GENERAL_NAMES_free(names);
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (hosts.empty() && place >= 0) {
    hosts.push_back(LowerCaseText(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place))));
  }
  return hosts;
}

// Refuses other application protocols (RFC 7301), so that no client misreads our bytes as those of
// another protocol.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offers, unsigned int offers_size, void*) {
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, kHttp, sizeof(kHttp) - 1, offers, offers_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::string Join(const std::vector<std::string>& ciphers, bool is_new) {
  std::string list;
  for (const auto& cipher : ciphers) {
    if (cipher.starts_with(kNewCipherPrefix) != is_new) continue;
    list += (list.empty() ? "" : ":") + cipher;
  }
  return list;
}

bool SetCiphers(SSL_CTX* context, const std::vector<std::string>& ciphers) {
  // Without a configured list, the client's order counts: it knows which ciphers are fast for it.
  if (!ciphers.empty()) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  const std::string old_list = Join(ciphers, false);
  const std::string new_list = Join(ciphers, true);
  return SSL_CTX_set_cipher_list(context, old_list.empty() ? kCiphers : old_list.c_str()) == 1 &&
         (new_list.empty() || SSL_CTX_set_ciphersuites(context, new_list.c_str()) == 1);
}

/// Configures client certificates, and sets `crl_expiry` to the time when the first CRL expires.
/// Returns what is wrong with the files; unset if they are usable.
std::optional<std::string> AskClients(SSL_CTX* context, const settings::Tls& tls,
                                      std::optional<int64_t>& crl_expiry) {
  if (tls.client_certificate == settings::ClientCertificate::kNone) return std::nullopt;
  if (const auto error = LoadAuthorities(context, tls.client_ca)) {
    return tls.client_ca + ' ' + *error;
  }
  if (!tls.client_crl.empty()) {
    const auto loaded = LoadCrls(context, tls.client_crl);
    if (!loaded) return tls.client_crl + ' ' + loaded.error();
    crl_expiry = *loaded;
  }
  EndTicketsWithCertificates(context, crl_expiry);
  // Clients choose one of their certificates by the names of the authorities.
  const STACK_OF(X509_OBJECT)* const known =
      X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(known); ++i) {
    SSL_CTX_add_client_CA(context, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i)));
  }
  ERR_clear_error();
  const bool is_required = tls.client_certificate == settings::ClientCertificate::kRequired;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return std::nullopt;
}

SSL_CTX* NewContext(settings::TlsVersion min_version) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(
      context, min_version == settings::TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  // A FIN without close_notify is a clean end: a WebSocket Close shows that nothing is missing, and
  // many clients omit close_notify.
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection keeps no buffers. No other mode is needed, because Stream accepts all output
  // of OpenSSL at once, so no write is ever repeated.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // Sessions are stored in the clients' tickets, not in our memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, kSessionName, sizeof(kSessionName) - 1);
  SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, nullptr);
  return context;
}

}  // namespace

void Deleter::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

void Deleter::operator()(ssl_st* connection) const {
  SSL_free(connection);
}

base::Result<std::shared_ptr<const Context>, std::string> Context::Create(
    const settings::Tls& tls) {
  std::shared_ptr<Context> context(new Context());
  for (const auto& files : tls.certificates) {
    if (auto error = context->Add(files, tls)) {
      return base::Unexpected(*std::move(error));
    }
  }
  SSL_CTX* const first = context->contexts_.front().get();
  SSL_CTX_set_tlsext_servername_arg(first, context.get());
  SSL_CTX_set_tlsext_servername_callback(
      first, +[](SSL* connection, int*, void* self) {
        const char* const name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
        if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
        SSL_CTX* const own = static_cast<const Context*>(self)->Find(base::ToLower(name));
        if (own == nullptr) return SSL_TLSEXT_ERR_NOACK;
        SSL_set_SSL_CTX(connection, own);
        return SSL_TLSEXT_ERR_OK;
      });
  return std::shared_ptr<const Context>(std::move(context));
}

std::optional<std::string> Context::Add(const settings::Certificate& files,
                                        const settings::Tls& tls) {
  ContextPtr context(NewContext(tls.min_version));
  if (!context || !SetCiphers(context.get(), tls.ciphers)) return "OpenSSL: " + ConsumeError();
  if (auto error = AskClients(context.get(), tls, crl_expiry_)) return error;
  if (const auto fault = LoadCertificate(context.get(), files)) {
    return (fault->is_in_key ? files.key : files.cert) + ' ' + fault->message;
  }
  for (auto& host : HostsOf(SSL_CTX_get0_certificate(context.get()))) {
    by_name_.emplace(std::move(host), context.get());  // The first certificate for a name wins.
  }
  contexts_.push_back(std::move(context));
  return std::nullopt;
}

ssl_ctx_st* Context::Find(std::string_view name) const {
  if (const auto exact = by_name_.find(name); exact != by_name_.end()) return exact->second;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto wildcard = by_name_.find('*' + std::string(name.substr(dot)));
  return wildcard != by_name_.end() ? wildcard->second : nullptr;
}

ConnectionPtr Context::Accept() const {
  ConnectionPtr connection(SSL_new(contexts_.front().get()));
  if (connection) {
    SSL_set_accept_state(connection.get());
  } else {
    ERR_clear_error();
  }
  return connection;
}

std::vector<int64_t> Context::Expiry() const {
  std::vector<int64_t> times;
  for (const auto& context : contexts_) times.push_back(ExpiryOf(context.get()));
  return times;
}

std::optional<settings::CertificateFault> CheckCertificate(const settings::Certificate& files) {
  const std::unique_ptr<SSL_CTX, Deleter> context(NewContext(settings::TlsVersion::k12));
  if (!context) return Fault{false, "cannot be checked: " + ConsumeError()};
  return LoadCertificate(context.get(), files);
}

std::optional<std::string> CheckAuthorities(const std::string& path) {
  const std::unique_ptr<SSL_CTX, Deleter> context(NewContext(settings::TlsVersion::k12));
  if (!context) return "cannot be checked: " + ConsumeError();
  return LoadAuthorities(context.get(), path);
}

std::optional<settings::CrlFault> CheckCrls(const std::string& path,
                                            const std::string& authorities) {
  const std::unique_ptr<SSL_CTX, Deleter> context(NewContext(settings::TlsVersion::k12));
  if (!context) return settings::CrlFault{"cannot be checked: " + ConsumeError()};
  // CheckAuthorities reports faults of the authorities.
  if (LoadAuthorities(context.get(), authorities)) return std::nullopt;
  const auto expiry = LoadCrls(context.get(), path);
  if (!expiry) return settings::CrlFault{expiry.error()};
  if (!*expiry || **expiry > std::time(nullptr)) return std::nullopt;
  return settings::CrlFault{
      "has expired: no certificate of a client is accepted until it is renewed", true};
}

bool IsCipher(const std::string& name) {
  const std::unique_ptr<SSL_CTX, Deleter> context(NewContext(settings::TlsVersion::k12));
  const bool is_known =
      context && (name.starts_with(kNewCipherPrefix)
                      ? SSL_CTX_set_ciphersuites(context.get(), name.c_str()) == 1
                      : SSL_CTX_set_cipher_list(context.get(), name.c_str()) == 1);
  ERR_clear_error();
  return is_known;
}

}  // namespace sluice::tls
