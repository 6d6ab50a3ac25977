// The order in which the addresses and services of a name are tried. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "sluice/dns/resolver.h"
#include "sluice/net/address.h"

namespace sluice::dns {

/// Makes the families alternate, beginning with the family that is first now. The order within each
/// family stays (RFC 8305 section 4).
void InterleaveFamilies(std::vector<net::Address>& addresses);

/// Removes all but the first `most` addresses of each family.
void LimitFamilies(std::vector<net::Address>& addresses, size_t most);

/// Rotates the addresses of each family by `steps`.
void Rotate(std::vector<net::Address>& addresses, size_t steps);

/// Sorts services by priority, and randomly by weight among those of one priority (RFC 2782).
/// `draw(n)` returns a uniformly distributed number from 0 to n.
void OrderServices(std::vector<Service>& services,
                   const std::function<uint32_t(uint32_t max)>& draw);

}  // namespace sluice::dns
