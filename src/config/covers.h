// Compares the matches of two routes. Pure.
#pragma once

#include "sluice/settings/route.h"

namespace sluice::config {

/// Returns true if `a` matches every request that `b` matches.
bool Covers(const settings::Match& a, const settings::Match& b);

/// Returns true if the paths of `a` and `b` cross: there are requests that both match, and neither
/// path includes the other, as with `/a/{x}` and `/{y}/b`.
bool Cross(const settings::Match& a, const settings::Match& b);

}  // namespace sluice::config
