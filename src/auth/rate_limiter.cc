#include "sluice/auth/rate_limiter.h"

#include <algorithm>
#include <utility>

namespace sluice::auth {
namespace {

// How often buckets that are full again are removed.
constexpr base::Duration kSweepInterval{1'000};

}  // namespace

// A token bucket, kept as the time at which it will be full again. Each connection postpones that
// time by the interval of one token; it may never be further away than a complete bucket.
std::optional<base::Duration> RateLimiter::Count(const settings::Rate& rate,
                                                 const std::optional<base::IpAddress>& client,
                                                 base::TimePoint now) {
  if (!client) return std::nullopt;
  ClientKey key{0, AddressKey(*client)};
  Shard& shard = shards_[ClientKeyHash()(key) % kShards];
  const Micros now_us = now.time_since_epoch();
  const std::lock_guard lock(shard.mutex);
  if (now >= shard.sweep_at) {
    std::erase_if(shard.full_at, [&](const auto& entry) { return entry.second <= now_us; });
    shard.sweep_at = now + kSweepInterval;
  }
  const auto found = shard.full_at.find(key);
  const Micros full_at = found == shard.full_at.end() ? now_us : std::max(found->second, now_us);
  const Micros wait = full_at + rate.interval - now_us - rate.burst * rate.interval;
  if (wait > Micros(0)) return std::chrono::ceil<base::Duration>(wait);
  if (found != shard.full_at.end()) {
    found->second = full_at + rate.interval;
    return std::nullopt;
  }
  // It is better to remove an address than to refuse all new ones.
  if (shard.full_at.size() >= kMostAddresses / kShards) shard.full_at.erase(shard.full_at.begin());
  shard.full_at.emplace(std::move(key), full_at + rate.interval);
  return std::nullopt;
}

size_t RateLimiter::entries() {
  size_t sum = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.full_at.size();
  }
  return sum;
}

}  // namespace sluice::auth
