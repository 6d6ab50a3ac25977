#include "config/tls.h"

#include <optional>
#include <string>
#include <utility>

#include "config/quote.h"
#include "config/values.h"

namespace sluice::config {
namespace {

struct CertificateDraft {
  std::optional<Value> cert;
  std::optional<Value> key;
};

constexpr Field<CertificateDraft> kCertificateFields[] = {
    {"cert", [](Reader&, const Value& value, CertificateDraft& draft) { draft.cert = value; }},
    {"key", [](Reader&, const Value& value, CertificateDraft& draft) { draft.key = value; }},
};

struct TlsDraft {
  Tls tls;
  std::optional<Value> certificates;
};

constexpr Field<TlsDraft> kTlsFields[] = {
    {"certificates",
     [](Reader&, const Value& value, TlsDraft& draft) { draft.certificates = value; }},
    {"min_version",
     [](Reader& reader, const Value& value, TlsDraft& draft) {
       reader.ReadScalar(value, "'1.2' or '1.3'", ParseTlsVersion, draft.tls.min_version);
     }},
};

bool ReadPath(Reader& reader, const Value& value, std::string& path) {
  if (!reader.ReadScalar(value, "the path of a file", ParsePath, path)) return false;
  path = reader.PathFromHere(path);
  return true;
}

void ReadCertificate(Reader& reader, const Value& item, const CertificateCheck& check,
                     std::vector<Certificate>& certificates) {
  CertificateDraft draft;
  if (!reader.ReadMapping<CertificateDraft>(item, kCertificateFields, draft)) return;
  if (!draft.cert) reader.Missing(item, "cert");
  if (!draft.key) reader.Missing(item, "key");
  Certificate certificate;
  const bool has_cert = draft.cert && ReadPath(reader, *draft.cert, certificate.cert);
  const bool has_key = draft.key && ReadPath(reader, *draft.key, certificate.key);
  if (!has_cert || !has_key) return;
  if (const auto fault = check ? check(certificate) : std::nullopt) {
    const auto& path = fault->is_in_key ? certificate.key : certificate.cert;
    reader.Error(fault->is_in_key ? *draft.key : *draft.cert, Quote(path) + ' ' + fault->message);
  }
  certificates.push_back(std::move(certificate));
}

}  // namespace

Tls ReadTls(Reader& reader, const Value& value, const CertificateCheck& check_certificate) {
  TlsDraft draft;
  if (!reader.ReadMapping<TlsDraft>(value, kTlsFields, draft)) return draft.tls;
  if (!draft.certificates) {
    reader.Missing(value, "certificates");
    return draft.tls;
  }
  for (const auto& item : reader.Items(*draft.certificates, "certificates")) {
    ReadCertificate(reader, item, check_certificate, draft.tls.certificates);
  }
  return draft.tls;
}

void AddTlsMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"tls", KeysOf<TlsDraft>(kTlsFields)});
  mappings.push_back({"certificate", KeysOf<CertificateDraft>(kCertificateFields)});
}

}  // namespace sluice::config
