// Describes why a route does not match a request, for `sluice explain`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/routing/match.h"
#include "sluice/settings/config.h"
#include "sluice/settings/route.h"

#include "cli/described_request.h"

namespace sluice::cli {

/// Returns the condition of `match` that the request does not meet, with the value that the request
/// has: `path is not /a, it is /b`.
std::string DescribeMismatch(const settings::Config& config, const settings::Match& match,
                             const routing::Mismatch& mismatch, const DescribedRequest& request);

/// Returns the same for a condition on the claim `name`, which has `values` in the token.
std::string DescribeMissingClaim(const settings::Match& match, std::string_view name,
                                 const std::vector<std::string>& values);

}  // namespace sluice::cli
