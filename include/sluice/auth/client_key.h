// The key that clients and users are counted by: an address or a name, for one route or for all.
#pragma once

#include <cstddef>
#include <string>

#include "sluice/base/ip.h"

namespace sluice::auth {

struct ClientKey {
  size_t route = 0;  ///< SessionQuota::RouteCount::id; 0: all routes
  std::string who;   ///< AddressKey(), or a user's name
  bool operator==(const ClientKey&) const = default;
};

/// Starts from a secret, so that no client can choose addresses that all hash to one bucket.
struct ClientKeyHash {
  size_t operator()(const ClientKey& key) const;
};

/// Returns the bytes of an address. Of an IPv6 address, only the /64 counts, all of which one
/// client can use.
std::string AddressKey(const base::IpAddress& address);

}  // namespace sluice::auth
