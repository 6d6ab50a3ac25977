// Limits how fast each client may connect (limits.handshake_rate), over all workers.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "sluice/auth/client_key.h"
#include "sluice/base/clock.h"
#include "sluice/base/ip.h"
#include "sluice/settings/limits.h"

namespace sluice::auth {

/// Thread-safe. A client that does not connect uses no memory; a flood of addresses uses a bounded
/// amount.
class RateLimiter {
 public:
  /// Counts a connection of `client`. Returns the time until the client may connect again; unset if
  /// the connection is within `rate`. A client without an IP address is not limited.
  std::optional<base::Duration> Count(const settings::Rate& rate,
                                      const std::optional<base::IpAddress>& client,
                                      base::TimePoint now);

  /// The number of addresses that are kept. For tests.
  size_t entries();

  /// The most addresses that are kept.
  static constexpr size_t kMostAddresses = 64 * 1024;

 private:
  using Micros = std::chrono::microseconds;
  struct Shard {
    std::mutex mutex;
    /// The time when the token bucket of the address will be full again. Full buckets are not kept.
    std::unordered_map<ClientKey, Micros, ClientKeyHash> full_at;
    base::TimePoint sweep_at;
  };
  static constexpr size_t kShards = 16;

  std::array<Shard, kShards> shards_;
};

}  // namespace sluice::auth
