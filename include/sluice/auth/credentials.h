// Finds credentials in a request. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/auth/tokens.h"
#include "sluice/http/request.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/route.h"

namespace sluice::auth {

struct UserAndPassword {
  std::string user;
  std::string password;
};

/// Credentials in a request. `value` is unset if they are malformed or ambiguous.
template <typename T>
struct Found {
  std::optional<T> value;
};

/// Finds `Authorization: Basic` (RFC 7617). More than one Authorization field is ambiguous.
std::optional<Found<UserAndPassword>> FindBasic(const http::RequestHead& head);

/// Returns the token of the first of `sources` that has one. A query parameter or cookie that is
/// present twice is ambiguous, because another program might use the other value.
std::optional<Found<std::string>> FindToken(const http::RequestHead& head,
                                            const settings::Match& match,
                                            const std::vector<settings::TokenSource>& sources);

/// Identifies a token within its request. All malformed or ambiguous tokens are the same.
Digest IdentifyToken(const Found<std::string>& token);

/// Returns the offers of Sec-WebSocket-Protocol without `bearer` and the token after it. If there
/// is no other offer, returns `bearer`, because a browser fails a connection if none of its offers
/// is accepted.
std::string WithoutBearer(std::string_view offers);

/// Returns true if one of the route's methods reads a token from there, so that the text there may
/// be a secret.
bool ReadsTokenFrom(const settings::Route& route, settings::TokenSource::Kind kind);

}  // namespace sluice::auth
