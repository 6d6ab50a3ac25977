// TLS towards clients and towards backends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::settings {

/// The PEM files of a certificate. Paths are absolute, or relative to where sluice was started.
struct Certificate {
  std::string cert;  ///< the certificate, then those that lead to the root, which may be left out
  std::string key;   ///< its private key, not encrypted

  bool operator==(const Certificate&) const = default;
};

/// What is wrong with the files of a certificate.
struct CertificateFault {
  bool is_in_key = false;  ///< in the key's file, or the key is that of another certificate
  std::string message;     ///< what the file is or does not do, without its name
};

/// What is wrong with a file of CRLs.
struct CrlFault {
  std::string message;      ///< what the file is or does not do, without its name
  bool is_warning = false;  ///< it can be used all the same
};

enum class TlsVersion : uint8_t { k12, k13 };

enum class TlsMode : uint8_t {
  kRequired,  ///< a plain request is answered with a 400
  kAuto,      ///< the first byte distinguishes TLS from plain text
};

enum class ClientCertificate : uint8_t {
  kNone,      ///< not asked for
  kOptional,  ///< asked for; one that is not accepted is worse than none
  kRequired,  ///< no handshake without
};

/// TLS towards clients.
struct Tls {
  std::vector<Certificate> certificates =
      {};  ///< the first is for clients that name no host we know
  TlsVersion min_version = TlsVersion::k12;
  TlsMode mode = TlsMode::kRequired;
  std::vector<std::string> ciphers = {};  ///< OpenSSL's names, most preferred first; empty: default
  std::string client_ca =
      {};  ///< PEM file of the authorities of clients' certificates; empty: none is asked for
  std::string client_crl = {};  ///< PEM file of the authorities' CRLs; empty: nothing is looked up
  ClientCertificate client_certificate = ClientCertificate::kNone;
};

/// TLS to the servers of a backend.
struct BackendTls {
  std::string ca = {};  ///< PEM file of the authorities of their certificates; empty: the system's
  std::string server_name = {};  ///< whose certificate it must be; empty: the host that is dialled
  std::optional<Certificate> certificate = std::nullopt;  ///< ours, for servers that ask for one
  bool insecure_skip_verify = false;                      ///< anybody's certificate will do

  bool operator==(const BackendTls&) const = default;
};

}  // namespace sluice::settings
