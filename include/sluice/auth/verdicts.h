// Combines the verdicts of several methods, and describes the result for the log and `sluice
// explain`. Pure.
#pragma once

#include <string>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/auth/method.h"

namespace sluice::auth {

/// Adds the verdict of `method` to `total`, the combined verdict of the methods before it, none of
/// which has accepted. A verdict that accepts replaces all others. The details of all refusals are
/// kept; kUnavailable has precedence over refusals.
void AddVerdict(Verdict& total, const Method& method, Verdict verdict);

/// Returns why a route with these methods refuses a request, such as "jwt: it has expired" or
/// "basic, jwt: the request has no credentials".
std::string DescribeRefusal(const Verdict& total, const std::vector<const Method*>& methods);

}  // namespace sluice::auth
