// Reads PEM files into OpenSSL's contexts, and says in words what is wrong with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/config/types.h"

struct ssl_ctx_st;

namespace sluice::net {

/// Our own certificate, its chain and its key.
std::optional<config::CertificateFault> LoadCertificate(ssl_ctx_st* context,
                                                        const config::Certificate& files);

/// When our own certificate expires, in seconds since 1970.
int64_t ExpiryOf(const ssl_ctx_st* context);

/// The certificates of those who may sign the peer's. What is wrong, without the file's name.
std::optional<std::string> LoadAuthorities(ssl_ctx_st* context, const std::string& path);

}  // namespace sluice::net
