// Counts the sessions of all workers: in total, by route, by client and by user.
//
// The limits belong to a configuration and are passed with each call; the counts outlive the
// configuration. Clients and users are counted only where a route limits them, and a count of zero
// uses no memory.
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

/// Thread-safe. Outlives the slots and the route counts that it returns.
class SessionQuota {
  using Count = std::pair<const ClientKey, size_t>;

  // The number of sessions by client or by user. A client or user without a session has no entry.
  class Counts {
   public:
    /// Counts one more session of `key`. Returns null if there are `limit` already.
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
  /// The number of sessions of a route.
  struct RouteCount {
    RouteCount(SessionQuota& owner, size_t number) : quota(owner), id(number) {}
    SessionQuota& quota;
    const size_t id;
    std::atomic<size_t> sessions{0};
  };

  /// A session's place in the counts, which its destructor releases. Any thread.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot();

   private:
    friend class SessionQuota;
    // The counts of the client and of the user; null without a limit.
    struct Limited {
      Count* client = nullptr;
      Count* user = nullptr;
    };
    RouteCount* route_ = nullptr;  // Null: no place.
    std::unique_ptr<Limited> limited_;
  };

  /// Returns the counts of the routes of a configuration, by index. Routes with the same name share
  /// one count in all configurations, as long as a configuration or session refers to it.
  std::vector<std::shared_ptr<RouteCount>> RouteCountsOf(const settings::Config& config);

  /// Returns a place for a session of `route` within the limits of all sessions and of the route,
  /// or the cause of the refusal. `route` outlives the place. `client` is unset without an IP
  /// address, and `user` empty without authentication: they are not limited then.
  base::Result<Slot, base::Cause> Acquire(RouteCount& route, const settings::Limits& limits,
                                          const settings::SessionLimits& of_route,
                                          const std::optional<base::IpAddress>& client,
                                          std::string_view user);

  /// The number of sessions, and of counts that use memory. For tests.
  size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }
  size_t entries() { return clients_.size() + users_.size(); }

 private:
  std::atomic<size_t> sessions_{0};
  std::mutex route_counts_mutex_;
  std::map<std::string, std::weak_ptr<RouteCount>> route_counts_;
  size_t next_route_id_ = 1;
  Counts clients_;
  Counts users_;
};

}  // namespace sluice::auth
