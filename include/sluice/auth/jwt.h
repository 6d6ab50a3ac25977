// Verifies JSON Web Tokens (RFC 7519, and RFC 8725's advice). Pure; the time is handed in.
//
// Written on OpenSSL, not with a JWT library: Debian 12's libjwt knows no EdDSA, and rhonabwy
// brings GnuTLS and a client for keys of the web, of which nothing may ever be used here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/auth/jwt_keys.h"
#include "sluice/base/result.h"
#include "sluice/settings/auth.h"

namespace sluice::auth {

/// The identity that `token` proves: signed with one of `keys` and an algorithm of `rules`, for us,
/// and valid now. The error says why not, without a word of the token.
base::Result<Identity, std::string> VerifyJwt(std::string_view token,
                                              const std::vector<JwtKey>& keys,
                                              const settings::JwtAuth& rules, WallTime now);

}  // namespace sluice::auth
