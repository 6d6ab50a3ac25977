// DNS servers at link-local addresses, for versions of c-ares (before 1.24) that know no zones.
#pragma once

#include <vector>

#include <ares.h>

#include "sluice/settings/endpoint.h"

namespace sluice::dns {

/// Makes `channel` connect to each of `servers`, which outlive it, through the interface that is
/// the server's zone. The channel itself gets the addresses without their zones.
void UseZonedSockets(ares_channel channel, const std::vector<settings::Endpoint>& servers);

}  // namespace sluice::dns
