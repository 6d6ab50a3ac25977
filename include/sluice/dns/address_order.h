// Which of what names resolve to is tried, and in which order. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "sluice/dns/resolver.h"
#include "sluice/net/address.h"

namespace sluice::dns {

/// Has the families take turns, beginning with the one that is first now, each in the order that it
/// has (RFC 8305 section 4).
void InterleaveFamilies(std::vector<net::Address>& addresses);

/// Leaves the first `most` of each family.
void LimitFamilies(std::vector<net::Address>& addresses, size_t most);

/// Begins each family with the address after the one that it begins with now, `steps` times.
void Rotate(std::vector<net::Address>& addresses, size_t steps);

/// By priority, and by lot among those of one priority, weights respected (RFC 2782). `draw(n)` is
/// any of 0 to n, each as likely as the others.
void OrderServices(std::vector<Service>& services,
                   const std::function<uint32_t(uint32_t max)>& draw);

}  // namespace sluice::dns
