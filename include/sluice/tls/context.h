// The configuration of a listener's TLS connections: certificates, versions, ciphers, ticket keys.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/tls.h"

struct ssl_ctx_st;
struct ssl_st;

namespace sluice::tls {

struct Deleter {
  void operator()(ssl_ctx_st* context) const;
  void operator()(ssl_st* connection) const;
};
using ConnectionPtr = std::unique_ptr<ssl_st, Deleter>;

/// Immutable, and shared by all workers, so that a ticket of one worker is valid for all.
class Context {
 public:
  /// Loads the files of the certificates. The error is a sentence that names the file.
  static base::Result<std::shared_ptr<const Context>, std::string> Create(const settings::Tls& tls);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Creates OpenSSL's object for a connection from a client; null if there is no memory. This
  /// context outlives the connection's handshake.
  ConnectionPtr Accept() const;

  /// Returns true if one of the certificates is for the host `name`, which is in lower case.
  bool Covers(std::string_view name) const { return Find(name) != nullptr; }

  /// Returns the time when each certificate of the configuration expires, in seconds since 1970.
  std::vector<int64_t> Expiry() const;

  /// The time when the first CRL expires, in seconds since 1970; unset if none does.
  std::optional<int64_t> CrlExpiry() const { return crl_expiry_; }

 private:
  using ContextPtr = std::unique_ptr<ssl_ctx_st, Deleter>;

  Context() = default;
  std::optional<std::string> Add(const settings::Certificate& files, const settings::Tls& tls);
  /// Returns the context with the certificate for the host `name`; null if there is none.
  ssl_ctx_st* Find(std::string_view name) const;

  // OpenSSL stores certificates in contexts, so there is one context for each. A connection begins
  // with the first, and changes to another when the client has sent the host's name.
  std::vector<ContextPtr> contexts_;
  std::optional<int64_t> crl_expiry_;
  std::map<std::string, ssl_ctx_st*, std::less<>> by_name_;  // Names and `*.` names.
};

/// Returns what is wrong with the files of a certificate, as Create would report it; unset if they
/// are usable.
std::optional<settings::CertificateFault> CheckCertificate(const settings::Certificate& files);

/// The validity of a certificate, in seconds since 1970.
struct Validity {
  int64_t not_before;
  int64_t not_after;
};

/// Returns the validity of the first certificate in the file; unset if there is none.
std::optional<Validity> ReadValidity(const settings::Certificate& files);

/// Returns what is wrong with a file of authorities, without its name; unset if it is usable.
std::optional<std::string> CheckAuthorities(const std::string& path);

/// Returns what is wrong with a file of CRLs for the authorities of another file. An expired CRL is
/// only a warning.
std::optional<settings::CrlFault> CheckCrls(const std::string& path,
                                            const std::string& authorities);

/// Returns true if OpenSSL knows that cipher, of TLS 1.3 or 1.2.
bool IsCipher(const std::string& name);

}  // namespace sluice::tls
