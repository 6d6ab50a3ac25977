// The methods by which a route authenticates clients, as plain values. Part of Config.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/clock.h"

namespace sluice::settings {

/// The places of a request that may have a token.
struct TokenSource {
  enum class Kind : uint8_t {
    kAuthorization,  ///< `Authorization: Bearer TOKEN`
    kSubprotocol,    ///< the offers `bearer, TOKEN`, which a page can make
    kPath,           ///< the segment after the prefix of a route with `/**`
    kHost,           ///< the label in place of `*` of the route's host, or the complete host
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
  std::vector<JwtAlgorithm> algorithms;  ///< others are refused
  std::string key_file;                  ///< a public key in PEM, or the secret of HS...
  std::string jwks_file;                 ///< in place of key_file
  std::string issuer;                    ///< the required `iss`; empty: any
  std::vector<std::string>
      audience;  ///< `aud` must have one of them; empty: a token must have no `aud`
  base::Duration leeway{30'000};  ///< the allowed difference of clocks
  bool require_expiry = true;     ///< a token without `exp` is refused
  std::string user = "sub";       ///< the claim that names the user
  std::string server;             ///< the claim that names a server; empty: none
  /// Claims that must have one of these values.
  std::map<std::string, std::vector<std::string>> claims;
  std::vector<TokenSource> from = {{TokenSource::Kind::kAuthorization},
                                   {TokenSource::Kind::kSubprotocol}};

  bool operator==(const JwtAuth&) const = default;
};

struct RedisStore {
  std::string host;  ///< an IP address or a name; a path if the port is 0
  uint16_t port = 0;
  std::string prefix;         ///< of a key, before the token
  std::string password_file;  ///< empty: no password
  base::Duration timeout{1'000};

  bool operator==(const RedisStore&) const = default;
};

/// Tokens, each of which belongs to a server. From exactly one of three sources.
struct TokenAuth {
  std::string file;
  std::string directory;
  std::optional<RedisStore> redis;
  std::vector<TokenSource> from = {{TokenSource::Kind::kQuery, "token"}};

  bool operator==(const TokenAuth&) const = default;
};

/// Tickets for one use, which the admin listener issues.
struct TicketAuth {
  std::vector<TokenSource> from = {{TokenSource::Kind::kQuery, "ticket"}};

  bool operator==(const TicketAuth&) const = default;
};

/// A certificate of the client, verified by the listener's `client_ca`.
struct CertificateAuth {
  /// One of its names must match one of these, which are typed (`dns:`, `uri:`, `email:`, `cn:`);
  /// empty: any certificate is accepted.
  std::vector<std::string> names;

  bool operator==(const CertificateAuth&) const = default;
};

using AuthMethod = std::variant<BasicAuth, JwtAuth, TokenAuth, TicketAuth, CertificateAuth>;

/// The limit for an address whose credentials are refused repeatedly.
struct AuthFailures {
  unsigned limit = 10;            ///< failures in a window; 0: no limit
  base::Duration window{60'000};  ///< begins with the first failure

  bool operator==(const AuthFailures&) const = default;
};

}  // namespace sluice::settings
