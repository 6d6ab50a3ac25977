// Verifies JSON Web Tokens (RFC 7519, with the advice of RFC 8725). Pure; the caller passes the
// time.
//
// It uses OpenSSL, not a JWT library: Debian 12's libjwt has no EdDSA, and rhonabwy needs GnuTLS
// and contains a client that loads keys from the web, which must never be used here.
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

/// Returns the identity that `token` proves. The token must be signed with one of `keys` and an
/// algorithm of `rules`, be for us, and be valid now. The error contains no text of the token.
base::Result<Identity, std::string> VerifyJwt(std::string_view token,
                                              const std::vector<JwtKey>& keys,
                                              const settings::JwtAuth& rules, WallTime now);

}  // namespace sluice::auth
