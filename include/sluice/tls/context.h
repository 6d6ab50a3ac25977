// What the TLS connections of a listener share: certificates, versions, ciphers and ticket keys.
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

/// Immutable, and shared by all workers: a ticket that one of them gave out is good for all.
class Context {
 public:
  /// Reads the files of the certificates. The error is a sentence that names the file.
  static base::Result<std::shared_ptr<const Context>, std::string> Create(const settings::Tls& tls);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// OpenSSL's side of a connection from a client, which this context outlives while its handshake
  /// lasts; null for want of memory.
  ConnectionPtr Accept() const;

  /// Returns true if one of the certificates is for the host `name`, which is in lower case.
  bool Covers(std::string_view name) const { return Find(name) != nullptr; }

  /// When each certificate of the configuration expires, in seconds since 1970.
  std::vector<int64_t> Expiry() const;

  /// When the first of the CRLs expires, likewise; nothing if there is none that does.
  std::optional<int64_t> CrlExpiry() const { return crl_expiry_; }

 private:
  using ContextPtr = std::unique_ptr<ssl_ctx_st, Deleter>;

  Context() = default;
  std::optional<std::string> Add(const settings::Certificate& files, const settings::Tls& tls);
  /// The context with the certificate for the host `name`; null if there is none.
  ssl_ctx_st* Find(std::string_view name) const;

  // OpenSSL has certificates in the context, so each gets one of its own. A connection begins with
  // the first, and changes to another when it has heard the host's name.
  std::vector<ContextPtr> contexts_;
  std::optional<int64_t> crl_expiry_;
  std::map<std::string, ssl_ctx_st*, std::less<>> by_name_;  // Names and `*.` names.
};

/// What is wrong with the files of a certificate, if anything: what Create would say of them.
std::optional<settings::CertificateFault> CheckCertificate(const settings::Certificate& files);

/// When a certificate is valid, in seconds since 1970.
struct Validity {
  int64_t not_before;
  int64_t not_after;
};

/// Of the first certificate in the file; nothing if there is none.
std::optional<Validity> ReadValidity(const settings::Certificate& files);

/// What is wrong with a file of authorities, without its name.
std::optional<std::string> CheckAuthorities(const std::string& path);

/// Likewise of a file of CRLs for the authorities of another file. That a CRL has expired is a
/// warning.
std::optional<settings::CrlFault> CheckCrls(const std::string& path,
                                            const std::string& authorities);

/// Whether OpenSSL knows that cipher, of TLS 1.3 or of 1.2.
bool IsCipher(const std::string& name);

}  // namespace sluice::tls
