// Loads PEM files into OpenSSL's contexts, and describes their faults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/tls.h"

struct asn1_string_st;
struct ssl_ctx_st;

namespace sluice::tls {

/// Loads our own certificate, its chain and its key. Returns what is wrong; unset on success.
std::optional<settings::CertificateFault> LoadCertificate(ssl_ctx_st* context,
                                                          const settings::Certificate& files);

/// Converts a certificate's time to seconds since 1970; 0 if it is malformed.
int64_t TimeOf(const asn1_string_st* time);

/// Returns the time when our own certificate expires, in seconds since 1970.
int64_t ExpiryOf(const ssl_ctx_st* context);

/// Loads the authorities that may sign the peer's certificate. Returns what is wrong, without the
/// file's name; unset on success.
std::optional<std::string> LoadAuthorities(ssl_ctx_st* context, const std::string& path);

/// Loads the CRLs of a file, which are then checked for every certificate of a client's chain. The
/// authorities must be loaded before; each needs a CRL that it has signed. Returns the time when
/// the first CRL expires, in seconds since 1970 (unset: none expires). The error is without the
/// file's name.
base::Result<std::optional<int64_t>, std::string> LoadCrls(ssl_ctx_st* context,
                                                           const std::string& path);

}  // namespace sluice::tls
