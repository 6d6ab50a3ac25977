// Takes credentials out of a request. Pure.
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

/// Credentials that are there: `value` is nothing if they cannot be read.
template <typename T>
struct Found {
  std::optional<T> value;
};

/// `Authorization: Basic` (RFC 7617). More than one Authorization field cannot be read.
std::optional<Found<UserAndPassword>> FindBasic(const http::RequestHead& head);

/// The token of the first of `sources` that has one. What stands twice (a query's parameter, a
/// cookie) cannot be read: somebody else might take the other one.
std::optional<Found<std::string>> FindToken(const http::RequestHead& head,
                                            const settings::Match& match,
                                            const std::vector<settings::TokenSource>& sources);

/// Identifies a token within its request; all that cannot be read are one.
Digest IdentifyToken(const Found<std::string>& token);

/// The offers of Sec-WebSocket-Protocol without those that carry a token, `bearer` and what
/// follows it. `bearer` alone, if nothing else was offered: a browser fails a connection whose
/// offers are all passed over.
std::string WithoutBearer(std::string_view offers);

/// Whether one of the route's methods takes a token from there, so that what stands there may be a
/// secret.
bool TakesTokenFrom(const settings::Route& route, settings::TokenSource::Kind kind);

}  // namespace sluice::auth
