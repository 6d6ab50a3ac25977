// One backend of one configuration: the places at its servers, and the requests that wait for one.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>

#include "sluice/routing/pools.h"

#include "routing/pool_servers.h"

namespace sluice::routing {

/// The state of a backend that all configurations share.
struct PoolShared {
  std::mutex mutex;
  KnownServers servers;
  std::list<PlaceWaiter*> waiters;  // First come, first served.
  std::minstd_rand random;
  std::array<uint64_t, kQueueEnds> queue_ends = {};
  base::Duration waited{0};
};

/// Any thread. The public functions acquire the lock; the private ones need it.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(const settings::Backend& backend, std::shared_ptr<PoolShared> shared);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // See Pools.
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
  ServerSlot Occupy(size_t i, base::TimePoint now) const;
  void Unqueue(PlaceWaiter& waiter, QueueEnd end) const;
  void Grant(PlaceWaiter& waiter, size_t i) const;
  void GrantPlacesOf(const PoolServer& server) const;

  const settings::Backend config_;
  const std::shared_ptr<PoolShared> shared_;
  const PoolServers servers_;
};

}  // namespace sluice::routing
