// What a route asks of those who come: the methods of `auth`, as plain values. Part of Config.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/clock.h"

namespace sluice::settings {

/// Where in the request a token is looked for.
struct TokenSource {
  enum class Kind : uint8_t {
    kAuthorization,  ///< `Authorization: Bearer TOKEN`
    kSubprotocol,    ///< the offers `bearer, TOKEN`, which a page can make
    kPath,           ///< the segment behind the prefix of a route with `/**`
    kHost,           ///< what `*` stands for in the route's host, else the host as a whole
    kQuery,          ///< the parameter `name`
    kCookie,         ///< the cookie `name`
  };
  Kind kind = Kind::kAuthorization;
  std::string name = {};

  bool operator==(const TokenSource&) const = default;
};

/// User and password, against the hashes of a file.
struct BasicAuth {
  std::string users_file;
  std::string realm = "sluice";

  bool operator==(const BasicAuth&) const = default;
};

enum class JwtAlgorithm : uint8_t {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
};

struct JwtAuth {
  std::vector<JwtAlgorithm> algorithms;  ///< no other is ever taken, whatever a token says
  std::string key_file;                  ///< a public key in PEM, or the secret of HS...
  std::string jwks_file;                 ///< instead of it
  std::string issuer;                    ///< `iss` must be it; empty: any
  std::vector<std::string> audience;     ///< `aud` must have one; empty: there must be none
  base::Duration leeway{30'000};         ///< by how much clocks may differ
  bool require_expiry = true;            ///< a token without `exp` is refused
  std::string user = "sub";              ///< the claim that names the user
  std::string server;                    ///< the claim that names a server; empty: none does
  /// Claims that must have one of these values.
  std::map<std::string, std::vector<std::string>> claims;
  std::vector<TokenSource> from = {{TokenSource::Kind::kAuthorization},
                                   {TokenSource::Kind::kSubprotocol}};

  bool operator==(const JwtAuth&) const = default;
};

struct RedisStore {
  std::string host;  ///< an IP address or a name; a path if the port is 0
  uint16_t port = 0;
  std::string prefix;         ///< before the token, in the name of a key
  std::string password_file;  ///< empty: none is needed
  base::Duration timeout{1'000};

  bool operator==(const RedisStore&) const = default;
};

/// Tokens that each stand for a server: from exactly one of three places.
struct TokenAuth {
  std::string file;
  std::string directory;
  std::optional<RedisStore> redis;
  std::vector<TokenSource> from = {{TokenSource::Kind::kQuery, "token"}};

  bool operator==(const TokenAuth&) const = default;
};

/// One-time tickets, which the admin listener hands out.
struct TicketAuth {
  std::vector<TokenSource> from = {{TokenSource::Kind::kQuery, "ticket"}};

  bool operator==(const TicketAuth&) const = default;
};

/// A certificate of the client that the listener's `client_ca` has verified.
struct CertificateAuth {
  /// One of its names must match one of these, which are typed (`dns:`, `uri:`, `email:`, `cn:`);
  /// empty: any certificate will do.
  std::vector<std::string> names;

  bool operator==(const CertificateAuth&) const = default;
};

using AuthMethod = std::variant<BasicAuth, JwtAuth, TokenAuth, TicketAuth, CertificateAuth>;

/// How an address that fails to authenticate again and again is slowed down.
struct AuthFailures {
  unsigned limit = 10;            ///< failures in a window; 0: any number
  base::Duration window{60'000};  ///< begins with the first failure

  bool operator==(const AuthFailures&) const = default;
};

}  // namespace sluice::settings
