// Counts sessions: of all routes, of a route, of a client and of a user, over all workers.
//
// The limits are those of a configuration and come with each call; the counts outlive it. Only what
// is limited is counted, and a count of zero takes no memory.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/auth/client_key.h"
#include "sluice/base/cause.h"
#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/settings/config.h"
#include "sluice/settings/limits.h"

namespace sluice::auth {

/// Thread-safe. Outlives the slots and the routes that it returns.
class SessionQuota {
  using Count = std::pair<const ClientKey, size_t>;

  // The number of sessions of each client or user. Those without a session are not in it.
  class Counts {
   public:
    /// Null if there are `limit` already.
    Count* Acquire(ClientKey key, size_t limit);
    void Release(Count* count);
    size_t size();

   private:
    struct Shard {
      std::mutex mutex;
      std::unordered_map<ClientKey, size_t, ClientKeyHash> counts;
    };
    static constexpr size_t kShards = 16;

    Shard& ShardOf(const ClientKey& key) { return shards_[ClientKeyHash()(key) % kShards]; }
    std::array<Shard, kShards> shards_;
  };

 public:
  /// The sessions of a route.
  struct Route {
    Route(SessionQuota& owner, size_t number) : quota(owner), id(number) {}
    SessionQuota& quota;
    const size_t id;
    std::atomic<size_t> sessions{0};
  };

  /// A session's place in the counts, released when it is destroyed. Any thread.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot();

   private:
    friend class SessionQuota;
    // Of the client and the user, where their sessions are limited.
    struct Limited {
      Count* client = nullptr;
      Count* user = nullptr;
    };
    Route* route_ = nullptr;  // Null: no place.
    std::unique_ptr<Limited> limited_;
  };

  /// The routes of a configuration, by index. Routes of one name are the same in all
  /// configurations, for as long as a configuration or session refers to them.
  std::vector<std::shared_ptr<Route>> RoutesOf(const settings::Config& config);

  /// Returns a place for a session of `route` within the limits of all sessions and of the route,
  /// or the cause of the refusal. `route` outlives the place. `client` is unset without an IP
  /// address, and `user` empty without authentication: they are not limited then.
  base::Result<Slot, base::Cause> Acquire(Route& route, const settings::Limits& limits,
                                          const settings::SessionLimits& of_route,
                                          const std::optional<base::IpAddress>& client,
                                          std::string_view user);

  /// The number of sessions, and of counts that take memory. For tests.
  size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }
  size_t entries() { return clients_.size() + users_.size(); }

 private:
  std::atomic<size_t> sessions_{0};
  std::mutex routes_mutex_;
  std::map<std::string, std::weak_ptr<Route>> routes_;
  size_t next_route_ = 1;
  Counts clients_;
  Counts users_;
};

}  // namespace sluice::auth
