#include "net/tls_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "sluice/net/fd.h"

#include "net/subject_text.h"
#include "net/tls_error.h"

namespace sluice::net {
namespace {

using Fault = config::CertificateFault;

std::optional<std::string> ReadError(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return std::nullopt;
  return std::string("cannot be read: ") + std::strerror(errno);
}

struct BioDeleter {
  void operator()(BIO* file) const { BIO_free(file); }
};
struct CrlDeleter {
  void operator()(X509_CRL* crl) const { X509_CRL_free(crl); }
};

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

using Crl = std::unique_ptr<X509_CRL, CrlDeleter>;

base::Result<std::vector<Crl>, std::string> ReadCrls(const std::string& path) {
  if (auto error = ReadError(path)) return base::Unexpected(*std::move(error));
  const std::unique_ptr<BIO, BioDeleter> file(BIO_new_file(path.c_str(), "r"));
  std::vector<Crl> crls;
  ERR_clear_error();
  while (X509_CRL* const crl = PEM_read_bio_X509_CRL(file.get(), nullptr, nullptr, nullptr)) {
    crls.emplace_back(crl);
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeTlsError();
  if (!is_at_end) return base::Unexpected("cannot be used: " + reason);
  if (crls.empty()) return base::Unexpected(std::string("holds no CRL in PEM form"));
  return crls;
}

bool IsSignedBy(X509_CRL* crl, X509* authority) {
  const bool is_issuer =
      X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(authority)) == 0;
  const bool is_signed = is_issuer && X509_CRL_verify(crl, X509_get0_pubkey(authority)) == 1;
  ERR_clear_error();
  return is_signed;
}

/// Returns the name of an authority without a CRL: none of its certificates would be accepted.
std::optional<std::string> FindAuthorityWithoutCrl(X509_STORE* store,
                                                   const std::vector<Crl>& crls) {
  for (int i = 0; i < sk_X509_OBJECT_num(X509_STORE_get0_objects(store)); ++i) {
    X509* const authority =
        X509_OBJECT_get0_X509(sk_X509_OBJECT_value(X509_STORE_get0_objects(store), i));
    if (authority == nullptr) continue;
    const bool has_crl = std::any_of(crls.begin(), crls.end(), [authority](const Crl& crl) {
      return IsSignedBy(crl.get(), authority);
    });
    if (!has_crl) return SubjectText(X509_get_subject_name(authority));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fault> LoadCertificate(ssl_ctx_st* context, const config::Certificate& files) {
  auto fault = LoadChain(context, files.cert);
  return fault ? fault : LoadKey(context, files.key);
}

int64_t TimeOf(const asn1_string_st* time) {
  tm fields{};
  return ASN1_TIME_to_tm(time, &fields) == 1 ? timegm(&fields) : 0;
}

int64_t ExpiryOf(const ssl_ctx_st* context) {
  return TimeOf(X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
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

base::Result<std::optional<int64_t>, std::string> LoadCrls(ssl_ctx_st* context,
                                                           const std::string& path) {
  const auto crls = ReadCrls(path);
  if (!crls) return base::Unexpected(crls.error());
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  if (const auto name = FindAuthorityWithoutCrl(store, *crls)) {
    return base::Unexpected("has no CRL that the authority '" + *name + "' has signed");
  }
  std::optional<int64_t> first;
  for (const Crl& crl : *crls) {
    if (X509_STORE_add_crl(store, crl.get()) != 1) {
      return base::Unexpected("cannot be used: " + TakeTlsError());
    }
    const ASN1_TIME* const next_update = X509_CRL_get0_nextUpdate(crl.get());
    if (next_update == nullptr) continue;
    const int64_t expiry = TimeOf(next_update);
    first = first ? std::min(*first, expiry) : expiry;
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return first;
}

}  // namespace sluice::net
