#include "sluice/auth/jwt.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sluice/auth/tokens.h"
#include "sluice/base/base64.h"

#include "auth/json.h"

namespace sluice::auth {
namespace {

using nlohmann::json;
using Check = base::Result<void, std::string>;

// The largest valid time, in seconds since 1970: the year 9999.
constexpr double kLatest = 253'402'300'799;

base::Unexpected<std::string> Fail(std::string why) {
  return base::Unexpected(std::move(why));
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;
};

std::optional<Parts> Split(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

std::optional<json> DecodeObject(std::string_view encoded) {
  const auto text = base::DecodeBase64Url(encoded);
  return text ? ParseObject(*text) : std::nullopt;
}

const std::string* TextIn(const json& object, const std::string& name) {
  const auto member = object.find(name);
  return member != object.end() ? member->get_ptr<const std::string*>() : nullptr;
}

/// Returns the algorithm that the token names, if the rules allow it (RFC 8725 section 3.1).
base::Result<JwtAlgorithm, std::string> AlgorithmOf(const json& header,
                                                    const settings::JwtAuth& rules) {
  const std::string* const name = TextIn(header, "alg");
  const auto algorithm = name != nullptr ? AlgorithmNamed(*name) : std::nullopt;
  const auto& allowed = rules.algorithms;
  if (!algorithm || std::find(allowed.begin(), allowed.end(), *algorithm) == allowed.end()) {
    return Fail("its algorithm is not one of 'algorithms'");
  }
  // Critical extensions must be understood (RFC 7515 section 4.1.11). Keys in the header (jwk, jku,
  // x5c, x5u) are never used.
  if (header.contains("crit")) return Fail("it has critical extensions");
  return *algorithm;
}

Check CheckSignature(const Parts& parts, const json& header, JwtAlgorithm algorithm,
                     const std::vector<JwtKey>& keys) {
  const auto signature = base::DecodeBase64Url(parts.signature);
  if (!signature) return Fail("its signature is not base64url");
  const std::string* const id = TextIn(header, "kid");
  bool has_key = false;
  for (const JwtKey& key : keys) {
    // A key without an identifier is tried for every token.
    if (id != nullptr && key.id && *key.id != *id) continue;
    if (!key.Fits(algorithm)) continue;
    has_key = true;
    if (key.Verifies(algorithm, parts.signed_text, *signature)) return {};
  }
  return Fail(has_key ? "its signature is wrong" : "it is signed with an unknown key");
}

/// Returns a NumericDate (RFC 7519 section 2), rounded down; unset if there is none.
base::Result<std::optional<WallTime>, std::string> TimeIn(const json& claims, const char* name) {
  const auto claim = claims.find(name);
  if (claim == claims.end()) return std::optional<WallTime>();
  const double seconds = claim->is_number() ? claim->get<double>() : -1;
  if (!(seconds >= 0) || seconds > kLatest) {
    return Fail(std::string("its '") + name + "' is not a time");
  }
  return std::optional(WallTime(std::chrono::seconds(static_cast<int64_t>(seconds))));
}

bool HasText(const json& claim, const std::vector<std::string>& wanted) {
  const auto is_wanted = [&wanted](const json& value) {
    const auto* const text = value.get_ptr<const std::string*>();
    return text != nullptr && std::find(wanted.begin(), wanted.end(), *text) != wanted.end();
  };
  if (!claim.is_array()) return is_wanted(claim);
  return std::any_of(claim.begin(), claim.end(), is_wanted);
}

Check CheckAudience(const json& claims, const settings::JwtAuth& rules) {
  const auto audience = claims.find("aud");
  if (rules.audience.empty()) {
    // A token with an audience is only for that audience (RFC 7519 section 4.1.3).
    if (audience != claims.end()) return Fail("it is for an audience, and 'audience' is not set");
    return {};
  }
  if (audience == claims.end() || !HasText(*audience, rules.audience)) {
    return Fail("it is for another audience");
  }
  return {};
}

/// Returns a claim as text; unset for lists and objects.
std::optional<std::string> PlainText(const json& value) {
  if (const auto* const text = value.get_ptr<const std::string*>()) return *text;
  if (value.is_boolean() || value.is_number()) return value.dump();
  return std::nullopt;
}

std::vector<std::string> PlainTexts(const json& list) {
  std::vector<std::string> texts;
  for (const auto& item : list) {
    if (auto text = PlainText(item)) texts.push_back(*std::move(text));
  }
  return texts;
}

Check CheckClaims(const json& claims, const settings::JwtAuth& rules) {
  if (!rules.issuer.empty()) {
    const std::string* const issuer = TextIn(claims, "iss");
    if (issuer == nullptr || *issuer != rules.issuer) return Fail("it is from another issuer");
  }
  for (const auto& [name, wanted] : rules.claims) {
    const auto claim = claims.find(name);
    if (claim == claims.end()) return Fail("it lacks the claim '" + name + "'");
    const auto plain = PlainText(*claim);
    const bool is_wanted = plain && std::find(wanted.begin(), wanted.end(), *plain) != wanted.end();
    if (!is_wanted && !HasText(*claim, wanted)) {
      return Fail("its claim '" + name + "' is not one that is let in");
    }
  }
  return CheckAudience(claims, rules);
}

Check CheckTimes(const json& claims, const settings::JwtAuth& rules, WallTime now,
                 std::optional<WallTime>& expires) {
  const auto leeway = std::chrono::duration_cast<std::chrono::seconds>(rules.leeway);
  const auto exp = TimeIn(claims, "exp");
  const auto nbf = TimeIn(claims, "nbf");
  if (!exp) return Fail(exp.error());
  if (!nbf) return Fail(nbf.error());
  if (!*exp && rules.require_expiry) return Fail("it has no 'exp'");
  if (*exp) expires = **exp + leeway;
  if (expires && now >= *expires) return Fail("it has expired");
  if (*nbf && now + leeway < **nbf) return Fail("it is not valid yet");
  return {};
}

/// Returns the server that a claim names: `host:port`, or a host with the port in the claim `port`,
/// as in websockify's JWTTokenApi.
base::Result<settings::Endpoint, std::string> ServerIn(const json& claims,
                                                       const std::string& name) {
  const std::string* const host = TextIn(claims, name);
  if (host == nullptr) return Fail("it names no server");
  auto server = ParseNamedServer(*host);
  if (!server && claims.contains("port")) {
    const auto port = PlainText(claims["port"]);
    if (port) server = ParseNamedServer(*host + ':' + *port);
  }
  if (!server) return Fail("the server that it names is not host:port");
  return *std::move(server);
}

}  // namespace

std::vector<std::string> Identity::ValuesOf(const std::string& claim) const {
  if (const auto plain = claims.find(claim); plain != claims.end()) return {plain->second};
  const auto list = claim_lists.find(claim);
  return list != claim_lists.end() ? list->second : std::vector<std::string>();
}

base::Result<Identity, std::string> VerifyJwt(std::string_view token,
                                              const std::vector<JwtKey>& keys,
                                              const settings::JwtAuth& rules, WallTime now) {
  const auto parts = Split(token);
  if (!parts) return Fail("it is no JSON Web Token");
  const auto header = DecodeObject(parts->header);
  if (!header) return Fail("its header is not a JSON object in base64url");
  const auto algorithm = AlgorithmOf(*header, rules);
  if (!algorithm) return Fail(algorithm.error());
  // No claim counts before the signature is verified.
  if (auto good = CheckSignature(*parts, *header, *algorithm, keys); !good) {
    return Fail(good.error());
  }
  const auto claims = DecodeObject(parts->payload);
  if (!claims) return Fail("its claims are not a JSON object");
  Identity identity{"jwt", {}};
  if (auto good = CheckTimes(*claims, rules, now, identity.expires); !good) {
    return Fail(good.error());
  }
  if (auto good = CheckClaims(*claims, rules); !good) return Fail(good.error());
  for (const auto& [name, value] : claims->items()) {
    if (auto text = PlainText(value)) {
      identity.claims.emplace(name, *std::move(text));
    } else if (value.is_array()) {
      identity.claim_lists.emplace(name, PlainTexts(value));
    }
  }
  if (const auto user = identity.claims.find(rules.user); user != identity.claims.end()) {
    identity.user = user->second;
  }
  if (!rules.server.empty()) {
    auto server = ServerIn(*claims, rules.server);
    if (!server) return Fail(server.error());
    identity.server = *std::move(server);
  }
  return identity;
}

}  // namespace sluice::auth
