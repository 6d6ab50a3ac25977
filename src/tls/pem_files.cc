#include "tls/pem_files.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "sluice/base/file.h"
#include "sluice/base/free_with.h"
#include "sluice/base/result.h"
#include "sluice/base/text.h"
#include "sluice/tls/context.h"

#include "tls/error.h"
#include "tls/peer_certificate.h"

namespace sluice::tls {
namespace {

using Fault = settings::CertificateFault;

constexpr size_t kMaxPemFileMib = 16;

using base::FreeWith;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using Crl = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

void FreeInfos(STACK_OF(X509_INFO) * infos) {
  sk_X509_INFO_pop_free(infos, X509_INFO_free);
}
using InfosPtr = std::unique_ptr<STACK_OF(X509_INFO), FreeWith<FreeInfos>>;

/// The text of a PEM file, without a byte order mark, which OpenSSL would read as part of the first
/// line.
class PemFile {
 public:
  /// The error completes a sentence that begins with the name of the file.
  static base::Result<PemFile, std::string> Read(const std::string& path) {
    auto text = base::ReadFile(path, kMaxPemFileMib);
    if (!text) return base::Unexpected(std::move(text).error());
    PemFile file;
    file.text_ = *std::move(text);
    return file;
  }

  /// Creates OpenSSL's reader of this file, which outlives it.
  Bio Open() const {
    const auto text = base::WithoutByteOrderMark(text_);
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  }

 private:
  std::string text_;
};

// Without this callback, OpenSSL would ask for the passphrase at the terminal.
int NotePassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

bool IsEndOfPem(unsigned long error) {
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/// Loads our certificate, the first one, and its chain, the others.
std::optional<Fault> LoadChain(SSL_CTX* context, const std::string& path) {
  const auto file = PemFile::Read(path);
  if (!file) return Fault{false, file.error()};
  const auto fail = [] { return Fault{false, "cannot be used: " + ConsumeError()}; };
  ERR_clear_error();
  const Bio bio = file->Open();
  bool is_encrypted = false;
  const X509Ptr own(PEM_read_bio_X509_AUX(bio.get(), nullptr, NotePassphrase, &is_encrypted));
  if (!own && IsEndOfPem(ERR_peek_error())) {
    ERR_clear_error();
    return Fault{false, "holds no certificate in PEM form"};
  }
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return fail();
  ERR_clear_error();
  SSL_CTX_clear_chain_certs(context);
  while (X509Ptr next{PEM_read_bio_X509(bio.get(), nullptr, NotePassphrase, &is_encrypted)}) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return fail();
    [[maybe_unused]] X509* const owned_by_context = next.release();
  }
  if (!IsEndOfPem(ERR_peek_last_error())) return fail();
  ERR_clear_error();
  return std::nullopt;
}

std::optional<Fault> LoadKey(SSL_CTX* context, const std::string& path) {
  const auto file = PemFile::Read(path);
  if (!file) return Fault{true, file.error()};
  ERR_clear_error();
  const Bio bio = file->Open();
  bool is_encrypted = false;
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NotePassphrase, &is_encrypted));
  // The first call accepts a key of another type; the second one detects it.
  if (key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
      SSL_CTX_check_private_key(context) == 1) {
    return std::nullopt;
  }
  const unsigned long error = ERR_peek_error();
  const std::string reason = ConsumeError();
  if (is_encrypted) return Fault{true, "is encrypted; a key without a passphrase is needed"};
  if (ERR_GET_LIB(error) == ERR_LIB_X509 || ERR_GET_LIB(error) == ERR_LIB_SSL) {
    return Fault{true, "does not belong to the certificate"};
  }
  return Fault{true, "holds no private key in PEM form: " + reason};
}

base::Result<std::vector<Crl>, std::string> ReadCrls(const std::string& path) {
  const auto file = PemFile::Read(path);
  if (!file) return base::Unexpected(file.error());
  const Bio bio = file->Open();
  std::vector<Crl> crls;
  ERR_clear_error();
  while (X509_CRL* const crl = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    crls.emplace_back(crl);
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE;
  const std::string reason = ConsumeError();
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

/// Returns the name of an authority without a CRL, none of whose certificates would be accepted;
/// unset if all have one.
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

std::optional<Fault> LoadCertificate(ssl_ctx_st* context, const settings::Certificate& files) {
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

std::optional<Validity> ReadValidity(const settings::Certificate& files) {
  const auto file = PemFile::Read(files.cert);
  if (!file) return std::nullopt;
  const Bio bio = file->Open();
  const X509Ptr own(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!own) return std::nullopt;
  return Validity{TimeOf(X509_get0_notBefore(own.get())), TimeOf(X509_get0_notAfter(own.get()))};
}

std::optional<std::string> LoadAuthorities(ssl_ctx_st* context, const std::string& path) {
  const auto file = PemFile::Read(path);
  if (!file) return file.error();
  ERR_clear_error();
  bool is_encrypted = false;
  const Bio bio = file->Open();
  const InfosPtr infos(PEM_X509_INFO_read_bio(bio.get(), nullptr, NotePassphrase, &is_encrypted));
  if (!infos) return "cannot be used: " + ConsumeError();
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  bool has_certificate = false;
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    X509* const certificate = sk_X509_INFO_value(infos.get(), i)->x509;
    if (certificate == nullptr) continue;
    has_certificate = true;
    if (X509_STORE_add_cert(store, certificate) != 1) return "cannot be used: " + ConsumeError();
  }
  ERR_clear_error();  // The end of the file counts as an error.
  if (!has_certificate) return "holds no certificate in PEM form";
  return std::nullopt;
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
      return base::Unexpected("cannot be used: " + ConsumeError());
    }
    const ASN1_TIME* const next_update = X509_CRL_get0_nextUpdate(crl.get());
    if (next_update == nullptr) continue;
    const int64_t expiry = TimeOf(next_update);
    first = first ? std::min(*first, expiry) : expiry;
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return first;
}

}  // namespace sluice::tls
