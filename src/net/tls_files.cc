#include "net/tls_files.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "sluice/net/fd.h"

#include "net/tls_error.h"

namespace sluice::net {
namespace {

using Fault = config::CertificateFault;

std::optional<std::string> ReadError(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return std::nullopt;
  return std::string("cannot be read: ") + std::strerror(errno);
}

// OpenSSL would ask for the passphrase at the terminal.
int NotePassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::optional<Fault> LoadChain(SSL_CTX* context, const std::string& path) {
  if (auto error = ReadError(path)) return Fault{false, *std::move(error)};
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) == 1) return std::nullopt;
  const bool is_empty = ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeTlsError();
  return Fault{false, is_empty ? "holds no certificate in PEM form" : "cannot be used: " + reason};
}

std::optional<Fault> LoadKey(SSL_CTX* context, const std::string& path) {
  if (auto error = ReadError(path)) return Fault{true, *std::move(error)};
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, NotePassphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  ERR_clear_error();
  // A key of another type is taken without a complaint, and found out by the second call.
  const bool used = SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used) return std::nullopt;
  const unsigned long error = ERR_peek_error();
  const std::string reason = TakeTlsError();
  if (is_encrypted) return Fault{true, "is encrypted; a key without a passphrase is needed"};
  if (ERR_GET_LIB(error) == ERR_LIB_X509 || ERR_GET_LIB(error) == ERR_LIB_SSL) {
    return Fault{true, "does not belong to the certificate"};
  }
  return Fault{true, "holds no private key in PEM form: " + reason};
}

}  // namespace

std::optional<Fault> LoadCertificate(ssl_ctx_st* context, const config::Certificate& files) {
  auto fault = LoadChain(context, files.cert);
  return fault ? fault : LoadKey(context, files.key);
}

int64_t ExpiryOf(const ssl_ctx_st* context) {
  tm time{};
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return timegm(&time);
}

std::optional<std::string> LoadAuthorities(ssl_ctx_st* context, const std::string& path) {
  if (auto error = ReadError(path)) return error;
  ERR_clear_error();
  if (SSL_CTX_load_verify_file(context, path.c_str()) == 1) {
    ERR_clear_error();  // The end of the file was one.
    return std::nullopt;
  }
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const std::string text = TakeTlsError();
  if (reason == PEM_R_NO_START_LINE || reason == X509_R_NO_CERTIFICATE_OR_CRL_FOUND) {
    return "holds no certificate in PEM form";
  }
  return "cannot be used: " + text;
}

}  // namespace sluice::net
