#include "sluice/settings/listener.h"

#include <algorithm>

namespace sluice::settings {

bool Sources::Contain(const std::optional<base::IpAddress>& peer) const {
  if (!peer) return unix_sockets;
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const base::IpRange& range) { return range.Contains(*peer); });
}

}  // namespace sluice::settings
