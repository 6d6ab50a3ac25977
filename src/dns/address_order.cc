#include "sluice/dns/address_order.h"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::dns {
namespace {

/// Returns the addresses of the first address's family, then the others, each in their order.
auto SplitFamilies(std::vector<net::Address>& addresses) {
  const auto family = addresses.front().family();
  return std::stable_partition(
      addresses.begin(), addresses.end(),
      [family](const net::Address& address) { return address.family() == family; });
}

}  // namespace

void InterleaveFamilies(std::vector<net::Address>& addresses) {
  if (addresses.empty()) return;
  const auto split = SplitFamilies(addresses);
  std::vector<net::Address> mixed;
  mixed.reserve(addresses.size());
  auto first = addresses.begin();
  auto other = split;
  while (first != split || other != addresses.end()) {
    if (first != split) mixed.push_back(*first++);
    if (other != addresses.end()) mixed.push_back(*other++);
  }
  addresses = std::move(mixed);
}

void LimitFamilies(std::vector<net::Address>& addresses, size_t most) {
  std::map<sa_family_t, size_t> counts;
  std::erase_if(addresses, [&](const net::Address& a) { return ++counts[a.family()] > most; });
}

void Rotate(std::vector<net::Address>& addresses, size_t steps) {
  if (addresses.empty()) return;
  const auto split = SplitFamilies(addresses);
  const auto rotate = [steps](auto begin, auto end) {
    const auto size = end - begin;
    if (size > 1) std::rotate(begin, begin + static_cast<ptrdiff_t>(steps % size_t(size)), end);
  };
  rotate(addresses.begin(), split);
  rotate(split, addresses.end());
}

void OrderServices(std::vector<Service>& services,
                   const std::function<uint32_t(uint32_t max)>& draw) {
  // RFC 2782: "weight 0 at the beginning", so that they have a very small chance of being first.
  std::stable_sort(services.begin(), services.end(), [](const Service& a, const Service& b) {
    return std::pair(a.priority, a.weight != 0) < std::pair(b.priority, b.weight != 0);
  });
  for (auto place = services.begin(); place != services.end(); ++place) {
    const auto end = std::find_if(place, services.end(), [&](const Service& service) {
      return service.priority != place->priority;
    });
    uint32_t sum = 0;
    for (auto it = place; it != end; ++it) sum += it->weight;
    const uint32_t lot = draw(sum);
    uint32_t running = place->weight;
    auto chosen = place;
    while (running < lot) running += (++chosen)->weight;
    std::rotate(place, chosen, chosen + 1);
  }
}

}  // namespace sluice::dns
