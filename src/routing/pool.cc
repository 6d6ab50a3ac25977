#include "routing/pool.h"

#include <algorithm>
#include <utility>

namespace sluice::routing {
namespace {

/// Returns the servers of the backend. Acquires the lock meanwhile.
PoolServers FindServers(const settings::Backend& backend, PoolShared& shared) {
  const std::lock_guard lock(shared.mutex);
  return {backend, shared.servers, shared.random};
}

}  // namespace

Pool::Pool(const settings::Backend& backend, std::shared_ptr<PoolShared> shared)
    : config_(backend), shared_(std::move(shared)), servers_(FindServers(config_, *shared_)) {}

// ---- Places ----

base::Result<Pools::Pick, NoServer> Pool::Acquire(const Criteria& criteria) const {
  const std::lock_guard lock(shared_->mutex);
  const auto picked = servers_.Pick(criteria, criteria.now);
  if (!picked) return base::Unexpected(servers_.WhyNone(criteria));
  return Pools::Pick{Occupy(*picked, criteria.now), servers_.CountOthers(*picked, criteria)};
}

size_t Pool::CountOthers(size_t server, const Criteria& criteria) const {
  const std::lock_guard lock(shared_->mutex);
  return servers_.CountOthers(server, criteria);
}

ServerSlot Pool::Occupy(size_t i, base::TimePoint now) const {
  PoolServer& server = servers_[i];
  ++server.sessions;
  if (server.dials++ == 0) server.dialled_at = now;
  return {this, i};
}

bool Pool::OnConnected(size_t i, base::TimePoint now) const {
  const std::lock_guard lock(shared_->mutex);
  PoolServer& server = servers_[i];
  --server.dials;
  const bool is_back = servers_.IsSuspect(i);
  server.failures = 0;
  server.in_a_row = 0;
  if (is_back) {
    server.back_since = now;
    GrantPlacesOf(server);
  }
  return is_back;
}

std::optional<base::Duration> Pool::OnFailed(size_t i, base::TimePoint now) const {
  const std::lock_guard lock(shared_->mutex);
  PoolServer& server = servers_[i];
  // If each request names its own server, a failure says nothing about the next request.
  if (!config_.has_fixed_servers() || config_.ejection.after == 0) return std::nullopt;
  const bool was_suspect = servers_.IsSuspect(i);
  if (!was_suspect) ++server.failures;
  // Failures of dials that began before the ejection do not count.
  if (!servers_.IsSuspect(i) || (was_suspect && now < server.ejected_until)) return std::nullopt;
  constexpr uint32_t kMostDoublings = 30;
  const auto& [after, first, at_most] = config_.ejection;
  const auto time = std::min<base::Duration>(
      first * (int64_t{1} << std::min(server.in_a_row, kMostDoublings)), at_most);
  ++server.in_a_row;
  ++server.ejections;
  server.ejected_until = now + time;
  return time;
}

void Pool::Release(size_t i, bool is_dialling) const {
  const std::lock_guard lock(shared_->mutex);
  PoolServer& server = servers_[i];
  --server.sessions;
  if (is_dialling) --server.dials;
  GrantPlacesOf(server);
}

void Pool::Activate() const {
  const std::lock_guard lock(shared_->mutex);
  for (size_t i = 0; i < servers_.size(); ++i)
    servers_[i].max_sessions = config_.servers[i].max_sessions;
  for (size_t i = 0; i < servers_.size(); ++i) GrantPlacesOf(servers_[i]);
}

bool Pool::SetHealth(size_t i, bool up, base::TimePoint now) const {
  const std::lock_guard lock(shared_->mutex);
  PoolServer& server = servers_[i];
  if (server.is_down == !up) return false;
  server.is_down = !up;
  if (!up) return true;
  server.failures = 0;
  server.in_a_row = 0;
  server.back_since = now;
  GrantPlacesOf(server);
  return true;
}

// ---- The queue ----

std::unique_ptr<PlaceWaiter> Pool::Wait(Criteria criteria, std::function<void()> on_place) const {
  const std::lock_guard lock(shared_->mutex);
  if (config_.queue.size == 0) return nullptr;
  // A place may have become free since Acquire.
  const auto picked = servers_.Pick(criteria, criteria.now);
  if (!picked && shared_->waiters.size() >= config_.queue.size) {
    ++shared_->queue_ends[static_cast<size_t>(QueueEnd::kFull)];
    return nullptr;
  }
  std::unique_ptr<PlaceWaiter> waiter(
      new PlaceWaiter(shared_from_this(), std::move(criteria), std::move(on_place)));
  shared_->waiters.push_back(waiter.get());
  waiter->is_queued_ = true;
  if (picked) Grant(*waiter, *picked);
  return waiter;
}

void Pool::Unqueue(PlaceWaiter& waiter, QueueEnd end) const {
  waiter.is_queued_ = false;
  shared_->waiters.remove(&waiter);
  ++shared_->queue_ends[static_cast<size_t>(end)];
}

void Pool::Grant(PlaceWaiter& waiter, size_t i) const {
  Unqueue(waiter, QueueEnd::kPlace);
  waiter.slot_ = Occupy(i, waiter.criteria_.now);
  waiter.on_place_();
}

/// Assigns the free places of a server to waiting requests. The requests may belong to different
/// configurations, which need not all have this server.
void Pool::GrantPlacesOf(const PoolServer& server) const {
  auto& waiters = shared_->waiters;
  for (auto place = waiters.begin(); place != waiters.end();) {
    PlaceWaiter& waiter = **place++;
    const Pool& pool = *waiter.pool_;
    const auto i = pool.servers_.IndexOf(server);
    if (!i) continue;
    const auto& tried = waiter.criteria_.tried;
    if (std::find(tried.begin(), tried.end(), *i) != tried.end()) continue;
    if (!pool.servers_.IsUp(*i) || !server.HasPlace()) {
      if (&pool == this) return;  // The server is not usable for later requests either.
      continue;
    }
    pool.Grant(waiter, *i);
  }
}

std::optional<ServerSlot> Pool::AcquireFor(PlaceWaiter& waiter, base::TimePoint now) const {
  const std::lock_guard lock(shared_->mutex);
  if (!waiter.slot_) return std::nullopt;
  shared_->waited += now - waiter.criteria_.now;
  return std::exchange(waiter.slot_, std::nullopt);
}

std::optional<ServerSlot> Pool::RetryFor(PlaceWaiter& waiter, base::TimePoint now) const {
  const std::lock_guard lock(shared_->mutex);
  const auto picked = waiter.is_queued_ ? servers_.Pick(waiter.criteria_, now) : std::nullopt;
  if (!picked) return std::nullopt;
  Unqueue(waiter, QueueEnd::kPlace);
  shared_->waited += now - waiter.criteria_.now;
  return Occupy(*picked, now);
}

void Pool::Leave(PlaceWaiter& waiter, QueueEnd end) const {
  const std::lock_guard lock(shared_->mutex);
  if (waiter.is_queued_) Unqueue(waiter, end);
}

// ---- State ----

BackendState Pool::Describe(base::TimePoint now) const {
  using Health = ServerState::Health;
  const std::lock_guard lock(shared_->mutex);
  BackendState state{.name = config_.name,
                     .servers = {},
                     .waiting = shared_->waiters.size(),
                     .queue_size = config_.queue.size,
                     .queue_ends = shared_->queue_ends,
                     .waited = shared_->waited};
  for (size_t i = 0; i < servers_.size(); ++i) {
    const PoolServer& server = servers_[i];
    const settings::Server& config = config_.servers[i];
    const bool is_ejected = servers_.IsSuspect(i);
    const Health health = server.is_down                ? Health::kDown
                          : is_ejected                  ? Health::kEjected
                          : servers_.IsStarting(i, now) ? Health::kStarting
                                                        : Health::kUp;
    state.servers.push_back({.address = config.address.ToString(),
                             .weight = config.weight,
                             .tier = config.tier,
                             .max_sessions = config.max_sessions,
                             .health = health,
                             .sessions = server.sessions,
                             .dials = server.dials,
                             .ejections = server.ejections,
                             .ejected_for = is_ejected && server.ejected_until > now
                                                ? server.ejected_until - now
                                                : base::Duration(0)});
  }
  return state;
}

}  // namespace sluice::routing
