// TLS towards clients and towards backends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::settings {

/// The PEM files of a certificate. Paths are absolute, or relative to the working directory.
struct Certificate {
  std::string cert;  ///< the certificate, then its issuers; the root is optional
  std::string key;   ///< its private key, not encrypted

  bool operator==(const Certificate&) const = default;
};

/// What is wrong with the files of a certificate.
struct CertificateFault {
  bool is_in_key = false;  ///< in the key's file, or the key belongs to another certificate
  std::string message;     ///< without the name of the file
};

/// What is wrong with a file of CRLs.
struct CrlFault {
  std::string message;      ///< without the name of the file
  bool is_warning = false;  ///< the file is used nevertheless
};

enum class TlsVersion : uint8_t { k12, k13 };

enum class TlsMode : uint8_t {
  kRequired,  ///< a plain request gets a 400
  kAuto,      ///< the first byte distinguishes TLS from plain text
};

enum class ClientCertificate : uint8_t {
  kNone,      ///< no certificate is requested
  kOptional,  ///< requested; a certificate that is not accepted ends the handshake
  kRequired,  ///< without a certificate the handshake fails
};

/// TLS towards clients.
struct Tls {
  std::vector<Certificate> certificates =
      {};  ///< the first one also serves clients without a known host name
  TlsVersion min_version = TlsVersion::k12;
  TlsMode mode = TlsMode::kRequired;
  std::vector<std::string> ciphers = {};  ///< OpenSSL's names, most preferred first; empty: default
  std::string client_ca =
      {};  ///< PEM file of the authorities of clients' certificates; empty: none is requested
  std::string client_crl = {};  ///< PEM file of the authorities' CRLs; empty: no CRL
  ClientCertificate client_certificate = ClientCertificate::kNone;
};

/// TLS to the servers of a backend.
struct BackendTls {
  std::string ca = {};  ///< PEM file of the authorities of their certificates; empty: the system's
  std::string server_name =
      {};  ///< the name that the certificate must have; empty: the dialled host
  std::optional<Certificate> certificate =
      std::nullopt;                   ///< of sluice, for servers that request one
  bool insecure_skip_verify = false;  ///< any certificate is accepted

  bool operator==(const BackendTls&) const = default;
};

}  // namespace sluice::settings
