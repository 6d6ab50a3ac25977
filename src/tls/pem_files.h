// Reads PEM files into OpenSSL's contexts, and says in words what is wrong with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/tls.h"

struct asn1_string_st;
struct ssl_ctx_st;

namespace sluice::tls {

/// Our own certificate, its chain and its key.
std::optional<settings::CertificateFault> LoadCertificate(ssl_ctx_st* context,
                                                          const settings::Certificate& files);

/// Converts a certificate's time to seconds since 1970; 0 if it is malformed.
int64_t TimeOf(const asn1_string_st* time);

/// When our own certificate expires, in seconds since 1970.
int64_t ExpiryOf(const ssl_ctx_st* context);

/// The certificates of those who may sign the peer's. What is wrong, without the file's name.
std::optional<std::string> LoadAuthorities(ssl_ctx_st* context, const std::string& path);

/// Loads the CRLs of a file, and has every certificate of a client's chain looked up in them. The
/// authorities are loaded before: each needs a CRL that it has signed. Returns when the first CRL
/// expires, in seconds since 1970 (nothing: none ever does), or what is wrong, without the file's
/// name.
base::Result<std::optional<int64_t>, std::string> LoadCrls(ssl_ctx_st* context,
                                                           const std::string& path);

}  // namespace sluice::tls
