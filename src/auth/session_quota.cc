#include "sluice/auth/session_quota.h"

#include <utility>

namespace sluice::auth {
namespace {

/// Counts one more session. Returns false if there are `limit` already. Zero: no limit.
bool AcquireOne(std::atomic<size_t>& count, size_t limit) {
  const size_t before = count.fetch_add(1, std::memory_order_relaxed);
  if (limit == 0 || before < limit) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

SessionQuota::Count* SessionQuota::Counts::Acquire(ClientKey key, size_t limit) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  Count& count = *shard.counts.try_emplace(std::move(key), 0).first;
  if (count.second >= limit) return nullptr;  // The count is not zero, so it stays.
  ++count.second;
  return &count;
}

void SessionQuota::Counts::Release(Count* count) {
  Shard& shard = ShardOf(count->first);
  const std::lock_guard lock(shard.mutex);
  if (--count->second == 0) shard.counts.erase(shard.counts.find(count->first));
}

size_t SessionQuota::Counts::size() {
  size_t sum = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.counts.size();
  }
  return sum;
}

SessionQuota::Slot::Slot(Slot&& other) noexcept
    : route_(std::exchange(other.route_, nullptr)), limited_(std::move(other.limited_)) {}

SessionQuota::Slot& SessionQuota::Slot::operator=(Slot&& other) noexcept {
  std::swap(route_, other.route_);
  std::swap(limited_, other.limited_);
  return *this;
}

SessionQuota::Slot::~Slot() {
  if (route_ == nullptr) return;
  SessionQuota& quota = route_->quota;
  quota.sessions_.fetch_sub(1, std::memory_order_relaxed);
  route_->sessions.fetch_sub(1, std::memory_order_relaxed);
  if (!limited_) return;
  if (limited_->client != nullptr) quota.clients_.Release(limited_->client);
  if (limited_->user != nullptr) quota.users_.Release(limited_->user);
}

std::vector<std::shared_ptr<SessionQuota::RouteCount>> SessionQuota::RouteCountsOf(
    const settings::Config& config) {
  const std::lock_guard lock(route_counts_mutex_);
  std::erase_if(route_counts_, [](const auto& entry) { return entry.second.expired(); });
  std::vector<std::shared_ptr<RouteCount>> routes;
  for (const auto& of_config : config.routes) {
    auto& known = route_counts_[of_config.name];
    routes.push_back(known.lock());
    if (routes.back()) continue;
    routes.back() = std::make_shared<RouteCount>(*this, next_route_id_++);
    known = routes.back();
  }
  return routes;
}

base::Result<SessionQuota::Slot, base::Cause> SessionQuota::Acquire(
    RouteCount& route, const settings::Limits& limits, const settings::SessionLimits& of_route,
    const std::optional<base::IpAddress>& client, std::string_view user) {
  if (!AcquireOne(sessions_, limits.sessions)) {
    return base::Unexpected(base::Cause::kAllSessions);
  }
  if (!AcquireOne(route.sessions, of_route.all)) {
    sessions_.fetch_sub(1, std::memory_order_relaxed);
    return base::Unexpected(base::Cause::kRouteSessions);
  }
  Slot slot;  // If a later limit is reached, its destructor releases what it holds by then.
  slot.route_ = &route;
  const bool is_client_limited = of_route.per_client != 0 && client;
  const bool is_user_limited = of_route.per_user != 0 && !user.empty();
  if (!is_client_limited && !is_user_limited) return slot;
  slot.limited_ = std::make_unique<Slot::Limited>();
  if (is_client_limited) {
    slot.limited_->client = clients_.Acquire({route.id, AddressKey(*client)}, of_route.per_client);
    if (slot.limited_->client == nullptr) return base::Unexpected(base::Cause::kClientSessions);
  }
  if (is_user_limited) {
    slot.limited_->user = users_.Acquire({route.id, std::string(user)}, of_route.per_user);
    if (slot.limited_->user == nullptr) return base::Unexpected(base::Cause::kUserSessions);
  }
  return slot;
}

}  // namespace sluice::auth
