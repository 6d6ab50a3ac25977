#include "config/tls.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sluice/settings/backend.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/tls.h"

#include "config/values.h"

namespace sluice::config {
namespace {

struct CertificateDraft {
  std::optional<Value> cert;
  std::optional<Value> key;
};

constexpr Field<CertificateDraft> kServerCertificateFields[] = {
    {"cert", [](Reader&, const Value& value, CertificateDraft& draft) { draft.cert = value; }},
    {"key", [](Reader&, const Value& value, CertificateDraft& draft) { draft.key = value; }},
};

struct TlsDraft {
  settings::Tls tls;
  std::optional<Value> certificates;
  std::optional<Value> ciphers;
  std::optional<Value> client_ca;
  std::optional<Value> client_crl;
  std::optional<Value> client_certificate;
};

template <auto member, typename Draft>
void Keep(Reader& /*reader*/, const Value& value, Draft& draft) {
  draft.*member = value;
}

constexpr Field<TlsDraft> kTlsFields[] = {
    {"certificates", Keep<&TlsDraft::certificates>},
    {"min_version",
     [](Reader& reader, const Value& value, TlsDraft& draft) {
       reader.ReadScalar(value, "'1.2' or '1.3'", ParseTlsVersion, draft.tls.min_version);
     }},
    {"mode",
     [](Reader& reader, const Value& value, TlsDraft& draft) {
       reader.ReadScalar(value, "'required' or 'auto'", ParseTlsMode, draft.tls.mode);
     }},
    {"ciphers", Keep<&TlsDraft::ciphers>},
    {"client_ca", Keep<&TlsDraft::client_ca>},
    {"client_crl", Keep<&TlsDraft::client_crl>},
    {"client_certificate", Keep<&TlsDraft::client_certificate>},
};

struct BackendTlsDraft {
  settings::BackendTls tls;
  std::optional<Value> ca;
  std::optional<Value> server_name;
  CertificateDraft certificate;
  std::optional<Value> skip_verify;
};

constexpr Field<BackendTlsDraft> kBackendTlsFields[] = {
    {"ca", Keep<&BackendTlsDraft::ca>},
    {"server_name", Keep<&BackendTlsDraft::server_name>},
    {"cert",
     [](Reader&, const Value& value, BackendTlsDraft& draft) { draft.certificate.cert = value; }},
    {"key",
     [](Reader&, const Value& value, BackendTlsDraft& draft) { draft.certificate.key = value; }},
    {"insecure_skip_verify", Keep<&BackendTlsDraft::skip_verify>},
};

bool ReadPath(Reader& reader, const Value& value, std::string& path) {
  if (!reader.ReadScalar(value, "the path of a file", ParsePath, path)) return false;
  path = reader.PathFromHere(path);
  return true;
}

/// Returns nothing after reporting an incomplete certificate.
std::optional<settings::Certificate> ReadCertificate(Reader& reader, const Value& mapping,
                                                     const CertificateDraft& draft,
                                                     const CertificateCheck& check) {
  if (!draft.cert) reader.Missing(mapping, "cert");
  if (!draft.key) reader.Missing(mapping, "key");
  settings::Certificate certificate;
  const bool has_cert = draft.cert && ReadPath(reader, *draft.cert, certificate.cert);
  const bool has_key = draft.key && ReadPath(reader, *draft.key, certificate.key);
  if (!has_cert || !has_key) return std::nullopt;
  if (const auto fault = check ? check(certificate) : std::nullopt) {
    const auto& path = fault->is_in_key ? certificate.key : certificate.cert;
    reader.Error(fault->is_in_key ? *draft.key : *draft.cert,
                 settings::Quote(path) + ' ' + fault->message);
    return certificate;
  }
  const auto& expiry = reader.checks().expiry;
  if (const auto warning = expiry ? expiry(certificate) : std::nullopt) {
    reader.Warn(*draft.cert,
                draft.cert->name + ": " + settings::Quote(certificate.cert) + ' ' + *warning);
  }
  reader.WarnOfReaders(*draft.key, certificate.key);
  return certificate;
}

void ReadAuthorities(Reader& reader, const Value& value, const FileChecks& checks,
                     std::string& path) {
  if (!ReadPath(reader, value, path) || !checks.authorities) return;
  if (const auto fault = checks.authorities(path))
    reader.Error(value, settings::Quote(path) + ' ' + *fault);
}

void ReadCrls(Reader& reader, const TlsDraft& draft, const FileChecks& checks, settings::Tls& tls) {
  const Value& value = *draft.client_crl;
  if (!draft.client_ca) {
    reader.Error(value, "needs 'client_ca', the file of the authorities whose CRLs these are");
    return;
  }
  if (!ReadPath(reader, value, tls.client_crl) || !checks.crls) return;
  const auto fault = checks.crls(tls.client_crl, tls.client_ca);
  if (!fault) return;
  const std::string message = settings::Quote(tls.client_crl) + ' ' + fault->message;
  if (fault->is_warning) {
    reader.Warn(value, message);
  } else {
    reader.Error(value, message);
  }
}

void ReadCiphers(Reader& reader, const Value& value, const FileChecks& checks,
                 std::vector<std::string>& ciphers) {
  for (const auto& item : reader.Items(value, "ciphers")) {
    std::string cipher;
    if (!reader.ReadScalar(item, "the name of a cipher", ParseCipher, cipher)) continue;
    if (checks.cipher && !checks.cipher(cipher)) {
      reader.Error(item, settings::Quote(cipher) + " is not a cipher that OpenSSL knows");
    }
    ciphers.push_back(std::move(cipher));
  }
}

void ReadClientCertificate(Reader& reader, const TlsDraft& draft, const FileChecks& checks,
                           settings::Tls& tls) {
  // A named authority is always used.
  if (draft.client_ca) {
    ReadAuthorities(reader, *draft.client_ca, checks, tls.client_ca);
    tls.client_certificate = settings::ClientCertificate::kRequired;
  }
  if (draft.client_crl) ReadCrls(reader, draft, checks, tls);
  if (!draft.client_certificate) return;
  reader.ReadScalar(*draft.client_certificate, "'required' or 'optional'", ParseClientCertificate,
                    tls.client_certificate);
  if (!draft.client_ca) {
    reader.Error(
        *draft.client_certificate,
        "needs 'client_ca', the file of the authorities that sign the clients' certificates");
  }
}

void CheckServerName(Reader& reader, const Value& value,
                     const std::vector<settings::Server>& servers,
                     const settings::BackendTls& tls) {
  for (const settings::Server& one : servers) {
    const settings::Endpoint& server = one.address;
    if (server.kind == settings::Endpoint::Kind::kBuiltin) {
      reader.Error(value, settings::Quote(server.ToString()) + " does not speak TLS");
    } else if (server.kind == settings::Endpoint::Kind::kUnix && tls.server_name.empty() &&
               !tls.insecure_skip_verify) {
      reader.Error(value, "needs 'server_name', since " + settings::Quote(server.ToString()) +
                              " has no host that a certificate could be for");
    }
  }
}

}  // namespace

settings::Tls ReadTls(Reader& reader, const Value& value, const FileChecks& checks) {
  TlsDraft draft;
  settings::Tls& tls = draft.tls;
  if (!reader.ReadMapping<TlsDraft>(value, kTlsFields, draft)) return tls;
  if (draft.ciphers) ReadCiphers(reader, *draft.ciphers, checks, tls.ciphers);
  ReadClientCertificate(reader, draft, checks, tls);
  if (tls.mode == settings::TlsMode::kAuto &&
      tls.client_certificate == settings::ClientCertificate::kRequired) {
    reader.Warn(value, "with 'mode: auto', clients that do not speak TLS need no certificate");
  }
  if (!draft.certificates) {
    reader.Missing(value, "certificates");
    return tls;
  }
  for (const auto& item : reader.Items(*draft.certificates, "certificates")) {
    CertificateDraft files;
    if (!reader.ReadMapping<CertificateDraft>(item, kServerCertificateFields, files)) continue;
    if (auto certificate = ReadCertificate(reader, item, files, checks.certificate)) {
      tls.certificates.push_back(*std::move(certificate));
    }
  }
  return tls;
}

void CheckSystemAuthorities(Reader& reader, const Value& value, const FileChecks& checks,
                            const std::optional<settings::BackendTls>& tls) {
  const bool needs_them = tls && tls->ca.empty() && !tls->insecure_skip_verify;
  if (!needs_them || !checks.has_system_authorities || checks.has_system_authorities()) return;
  reader.Warn(value,
              "the servers are verified by the system's certificate authorities, and there are "
              "none, so no server can be reached; install ca-certificates, or set 'ca' in 'tls'");
}

settings::BackendTls ReadBackendTls(Reader& reader, const Value& value,
                                    const std::vector<settings::Server>& servers,
                                    const FileChecks& checks) {
  BackendTlsDraft draft;
  settings::BackendTls& tls = draft.tls;
  if (!reader.ReadMapping<BackendTlsDraft>(value, kBackendTlsFields, draft)) return tls;
  if (draft.skip_verify) {
    reader.ReadScalar(*draft.skip_verify, "true or false", ParseBool, tls.insecure_skip_verify);
  }
  if (draft.ca) {
    ReadAuthorities(reader, *draft.ca, checks, tls.ca);
    if (tls.insecure_skip_verify) {
      reader.Error(*draft.ca, "has no effect with 'insecure_skip_verify'; take one of them out");
    }
  }
  if (draft.server_name) {
    reader.ReadScalar(*draft.server_name, "a host name or an IP address", ParseServerName,
                      tls.server_name);
  }
  if (draft.certificate.cert || draft.certificate.key) {
    tls.certificate = ReadCertificate(reader, value, draft.certificate, checks.certificate);
  }
  CheckServerName(reader, value, servers, tls);
  return tls;
}

void AddTlsMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"tls", KeysOf<TlsDraft>(kTlsFields)});
  mappings.push_back({"certificate", KeysOf<CertificateDraft>(kServerCertificateFields)});
  mappings.push_back({"backend_tls", KeysOf<BackendTlsDraft>(kBackendTlsFields)});
}

}  // namespace sluice::config
