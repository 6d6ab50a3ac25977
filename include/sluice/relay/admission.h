// Who may still come in: counts of sessions and the rate of connections, kept for all workers
// together.
//
// The limits are those of a configuration and come with each call; the counts outlive it.
//
// Only what is limited is counted. A count that is zero, and a rate that is not used, take no
// memory; a flood of addresses takes a bounded amount.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/config/types.h"

namespace sluice::relay {

/// Thread-safe. An IPv6 client is the /64 that it has at its disposal, not one of its addresses.
class Admission {
  struct Key {
    size_t route = 0;
    std::string who;  // The bytes of an address, or a user.
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Key, size_t, KeyHash> counts;
  };
  using Count = std::pair<const Key, size_t>;
  static constexpr size_t kShards = 16;

  // How many sessions each has; who has none is not in it.
  class Counts {
   public:
    /// Null if there are `limit` already.
    Count* Take(Key key, size_t limit);
    void GiveBack(Count* count);
    size_t size();

   private:
    Shard& ShardOf(const Key& key) { return shards_[KeyHash()(key) % kShards]; }
    std::array<Shard, kShards> shards_;
  };

 public:
  /// The sessions of a route.
  struct Route {
    Route(Admission& owner, size_t number) : admission(owner), id(number) {}
    Admission& admission;
    const size_t id;
    std::atomic<size_t> sessions{0};
  };

  /// A session's place in the counts, given back when it is destroyed. Its Admission outlives it.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot();

   private:
    friend class Admission;
    // Of the client and the user, where their sessions are limited.
    struct Limited {
      Count* client = nullptr;
      Count* user = nullptr;
    };
    Route* route_ = nullptr;  // Null: no place.
    std::unique_ptr<Limited> limited_;
  };

  /// Those of a configuration, by index. Routes of one name are the same in all configurations, as
  /// long as anybody holds them.
  std::vector<std::shared_ptr<Route>> RoutesOf(const config::Config& config);

  /// A place for a session of `route`, which outlives it, within the limits of all and of that
  /// route; the cause if there is none. `client` is nothing where there is no IP address, and
  /// `user` empty where nobody is known: they are then not limited.
  base::Result<Slot, base::Cause> TakeSlot(Route& route, const config::Limits& limits,
                                           const config::SessionLimits& of_route,
                                           const std::optional<base::IpAddress>& client,
                                           std::string_view user);

  /// For a new connection: nothing if it may come in at this rate, else when it might.
  std::optional<base::Duration> TakeHandshake(const config::Rate& rate,
                                              const std::optional<base::IpAddress>& client,
                                              base::TimePoint now);

  /// What is kept now, for tests.
  size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }
  size_t entries();

  /// Of addresses whose rate is kept, at most.
  static constexpr size_t kMostRates = 64 * 1024;

 private:
  using Micros = std::chrono::microseconds;
  struct Rates {
    std::mutex mutex;
    /// When the address's bucket will be full again. One that is full is as good as none.
    std::unordered_map<Key, Micros, KeyHash> full_at;
    base::TimePoint sweep_at;
  };

  std::atomic<size_t> sessions_{0};
  std::mutex routes_mutex_;
  std::map<std::string, std::weak_ptr<Route>> routes_;
  size_t next_route_ = 1;
  Counts clients_;
  Counts users_;
  std::array<Rates, kShards> rates_;
};

}  // namespace sluice::relay
