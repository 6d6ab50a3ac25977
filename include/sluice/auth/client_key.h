// By what clients and users are counted: an address, or a name, of one route or of all.
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

/// Starts from a secret, so that no client can choose addresses that all fall into one bucket.
struct ClientKeyHash {
  size_t operator()(const ClientKey& key) const;
};

/// The bytes of an address. An IPv6 client is the /64 that it has at its disposal.
std::string AddressKey(const base::IpAddress& address);

}  // namespace sluice::auth
