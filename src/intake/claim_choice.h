// Chooses among routes with claims. The claims are known only after the route's own `auth` has
// verified the token, so a route may turn out not to match; then the search continues after it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "sluice/auth/identity.h"
#include "sluice/http/request.h"
#include "sluice/intake/credential_checks.h"
#include "sluice/intake/generation.h"
#include "sluice/intake/refusal_log.h"
#include "sluice/routing/request_facts.h"

namespace sluice::intake {

struct ClaimChoice {
  std::optional<size_t> route = std::nullopt;  ///< unset only with a refusal: no route matches
  /// The identity that has the claims of the route. Null with a refusal, or if the route has no
  /// claims: then its credentials have not been checked.
  std::shared_ptr<const auth::Identity> identity = nullptr;
  std::optional<NotedRefusal> refusal = std::nullopt;
};

/// Chooses the route of an upgrade from `first` on, the first route that matches `facts`.
/// `uses_tls` as in CheckUpgradeRequest.
ClaimChoice ChooseByClaims(const Generation& generation, const routing::RequestFacts& facts,
                           size_t first, const http::RequestHead& head, bool uses_tls,
                           CredentialChecks& checks);

}  // namespace sluice::intake
