// The verdict of several methods together, and its words: the log and `sluice explain` have the
// same. Pure.
#pragma once

#include <string>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/auth/method.h"

namespace sluice::auth {

/// Adds the verdict of `method` to `total`, that of the methods before it, none of which has
/// accepted the credentials. The verdict of a method that accepts replaces all others. Of those
/// that refuse, the details of all are kept; a method that could not be asked counts more.
void AddVerdict(Verdict& total, const Method& method, Verdict verdict);

/// Returns why a route with these methods refuses a request, such as "jwt: it has expired" or
/// "basic, jwt: the request has no credentials".
std::string DescribeRefusal(const Verdict& total, const std::vector<const Method*>& methods);

}  // namespace sluice::auth
