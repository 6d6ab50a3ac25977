// How the matches of two routes lie to each other. Pure.
#pragma once

#include "sluice/settings/route.h"

namespace sluice::config {

/// Whether every request that `b` matches is also matched by `a`.
bool Covers(const settings::Match& a, const settings::Match& b);

/// Whether the paths of `a` and `b` cross: there are requests that both match, and neither path is
/// a part of the other, as with `/a/{x}` and `/{y}/b`.
bool Cross(const settings::Match& a, const settings::Match& b);

}  // namespace sluice::config
