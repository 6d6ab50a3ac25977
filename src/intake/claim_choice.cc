#include "intake/claim_choice.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/auth/credentials.h"
#include "sluice/intake/upgrade_check.h"

namespace sluice::intake {
namespace {

using settings::TokenSource;

/// Returns true if the pattern of the route decides which part of the request is the token.
bool HasOwnToken(const settings::Route& route) {
  return auth::ReadsTokenFrom(route, TokenSource::Kind::kPath) ||
         auth::ReadsTokenFrom(route, TokenSource::Kind::kHost);
}

bool HasClaims(const auth::Identity& identity, const settings::Match& match) {
  return !routing::FindMissingClaim(
      match, [&identity](std::string_view name) { return identity.ValuesOf(std::string(name)); });
}

}  // namespace

ClaimChoice ChooseByClaims(const Generation& generation, const routing::RequestFacts& facts,
                           size_t first, const http::RequestHead& head, bool uses_tls,
                           CredentialChecks& checks) {
  ClaimChoice unfit;              // The first route whose upgrade check fails.
  ClaimChoice unauthorized;       // The first route that does not accept the credentials.
  bool is_authenticated = false;  // By any route.
  const std::vector<const auth::Method*>* asked = nullptr;
  auth::Verdict verdict;  // Of `asked`.
  for (std::optional<size_t> i = first; i; i = generation.router.Find(facts, *i + 1)) {
    const settings::Route& route = generation.config.routes[*i];
    if (route.match.claims.empty()) return {.route = i};
    if (auto refusal = CheckUpgradeRequest(head, route.options, uses_tls)) {
      if (!unfit.route) unfit = {.route = i, .refusal = NotedRefusal{*std::move(refusal)}};
      continue;
    }
    if (auto refusal = checks.Begin()) {
      return {.route = i, .refusal = NotedRefusal{*std::move(refusal)}};
    }
    const auto& methods = generation.auth->methods->MethodsOf(*i);
    // A signature takes time to verify, and many routes have the same `auth`.
    if (asked == nullptr || *asked != methods || HasOwnToken(route)) {
      verdict = checks.VerifyToken(*i);
      asked = &methods;
    }
    if (verdict.kind != auth::Verdict::Kind::kAccepted) {
      if (!unauthorized.route) {
        unauthorized = {.route = i, .refusal = checks.RefusalOf(*i, verdict)};
      }
      continue;
    }
    is_authenticated = true;
    if (HasClaims(*verdict.identity, route.match)) {
      return {.route = i, .identity = verdict.identity};
    }
  }
  if (is_authenticated) {
    constexpr const char* kNoClaims =
        "the token has none of the claims that routes for this request ask for";
    return {.refusal = NotedRefusal{{base::Cause::kNoRoute, "no route matches this request"},
                                    {.detail = kNoClaims}}};
  }
  return unauthorized.route ? unauthorized : unfit;
}

}  // namespace sluice::intake
