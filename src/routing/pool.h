// One backend: the servers of one configuration, and the state that all configurations share.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "sluice/routing/pools.h"

namespace sluice::routing {

/// The state of one server. Guarded by the lock of its PoolShared.
struct PoolServer {
  explicit PoolServer(const std::string& address);

  const uint64_t hash;      // Of the address.
  size_t max_sessions = 0;  // Of the configuration in use; zero: any number.
  size_t sessions = 0;      // Including dials.
  size_t dials = 0;
  base::TimePoint dialled_at;  // The start of the first of those dials.
  bool is_down = false;        // By an active check.
  uint32_t failures = 0;       // Failed dials in a row.
  uint32_t in_a_row = 0;       // Ejections since the last dial that succeeded.
  uint64_t ejections = 0;
  base::TimePoint ejected_until;
  std::optional<base::TimePoint> back_since;
  double credit = 0;  // The sessions that the server is owed; see pool_choice.cc.
};

/// The state of a backend that all configurations share.
struct PoolShared {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<PoolServer>> servers;  // By address.
  std::list<PlaceWaiter*> waiters;                           // First come, first served.
  std::minstd_rand random;
  std::array<uint64_t, kQueueEnds> queue_ends = {};
  base::Duration waited{0};
};

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(const settings::Backend& backend, std::shared_ptr<PoolShared> shared);

  const std::shared_ptr<PoolShared>& shared() const { return shared_; }
  size_t size() const { return servers_.size(); }

  base::Result<Pools::Pick, NoServer> Acquire(const Criteria& criteria) const;
  size_t CountOthers(size_t server, const Criteria& criteria) const;
  std::unique_ptr<PlaceWaiter> Wait(Criteria criteria, std::function<void()> on_place) const;
  void Activate() const;
  bool SetHealth(size_t server, bool up, base::TimePoint now) const;
  BackendState Describe(base::TimePoint now) const;

  // For the slots and waiters.
  bool OnConnected(size_t server, base::TimePoint now) const;
  std::optional<base::Duration> OnFailed(size_t server, base::TimePoint now) const;
  void Release(size_t server, bool is_dialling) const;
  std::optional<ServerSlot> AcquireFor(PlaceWaiter& waiter, base::TimePoint now) const;
  std::optional<ServerSlot> RetryFor(PlaceWaiter& waiter, base::TimePoint now) const;
  void Leave(PlaceWaiter& waiter, QueueEnd end) const;

 private:
  using Candidates = std::vector<size_t>;

  // All of these need the lock. The choice of a server is in pool_choice.cc:
  std::optional<size_t> Pick(const Criteria& criteria, base::TimePoint now) const;
  NoServer WhyNone(const Criteria& criteria) const;
  Candidates BestTier(const Criteria& criteria, base::TimePoint now) const;
  bool IsUsable(size_t i, base::TimePoint now, bool is_last_resort) const;
  size_t ByTurn(const Candidates& candidates, const Candidates& among, base::TimePoint now) const;
  Candidates LeastLoaded(const Candidates& candidates, base::TimePoint now) const;
  size_t ByHash(const Candidates& candidates, uint64_t key, base::TimePoint now) const;
  Candidates DrawTwo(const Candidates& candidates, base::TimePoint now) const;
  double WeightOf(size_t i, base::TimePoint now) const;
  double LoadOf(size_t i, size_t more, base::TimePoint now) const;
  bool IsStarting(size_t i, base::TimePoint now) const;
  // Returns true if so many dials to the server have failed that the next one is only a trial.
  bool IsSuspect(size_t i) const;
  bool IsUp(size_t i) const { return !servers_[i]->is_down && !IsSuspect(i); }
  bool HasPlace(size_t i) const;

  size_t CountOthersLocked(size_t server, const Criteria& criteria) const;
  ServerSlot Occupy(size_t i, base::TimePoint now) const;
  void Unqueue(PlaceWaiter& waiter, QueueEnd end) const;
  void Grant(PlaceWaiter& waiter, size_t i) const;
  void GrantPlacesOf(const PoolServer& server) const;

  const settings::Backend config_;
  const bool is_pool_;  // True if the servers are the same for all requests.
  const std::shared_ptr<PoolShared> shared_;
  std::vector<std::shared_ptr<PoolServer>> servers_;  // As in config_.
};

}  // namespace sluice::routing
