#include "sluice/relay/admission.h"

#include <algorithm>
#include <functional>
#include <random>
#include <utility>

namespace sluice::relay {
namespace {

// How often the rates that are not used any more are looked for.
constexpr base::Duration kSweepInterval{1'000};

std::string KeyText(const base::IpAddress& address) {
  const base::IpAddress kept = address.is_v4() ? address : address.Prefix(64);
  return {kept.bytes().begin(), kept.bytes().end()};
}

/// One more, unless there are `limit` already. Zero: no limit.
bool TakeOne(std::atomic<size_t>& count, size_t limit) {
  const size_t before = count.fetch_add(1, std::memory_order_relaxed);
  if (limit == 0 || before < limit) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

/// So that nobody can choose addresses which all fall into one place.
size_t Secret() {
  static const size_t secret = [] {
    std::random_device device;
    return size_t{device()} << 32 | device();
  }();
  return secret;
}

}  // namespace

size_t Admission::KeyHash::operator()(const Key& key) const {
  // FNV-1a from a secret start; its low bits alone would show how it began.
  uint64_t hash = 0xcbf29ce484222325ULL ^ Secret() ^ key.route;
  for (const char c : key.who) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
    hash ^= hash >> 29;
  }
  return static_cast<size_t>(hash);
}

// ---- Counts ----

Admission::Count* Admission::Counts::Take(Key key, size_t limit) {
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  Count& count = *shard.counts.try_emplace(std::move(key), 0).first;
  if (count.second >= limit) return nullptr;  // It is not zero, so it stays.
  ++count.second;
  return &count;
}

void Admission::Counts::GiveBack(Count* count) {
  Shard& shard = ShardOf(count->first);
  const std::lock_guard lock(shard.mutex);
  if (--count->second == 0) shard.counts.erase(shard.counts.find(count->first));
}

size_t Admission::Counts::size() {
  size_t sum = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.counts.size();
  }
  return sum;
}

// ---- Sessions ----

Admission::Slot::Slot(Slot&& other) noexcept
    : route_(std::exchange(other.route_, nullptr)), limited_(std::move(other.limited_)) {}

Admission::Slot& Admission::Slot::operator=(Slot&& other) noexcept {
  std::swap(route_, other.route_);
  std::swap(limited_, other.limited_);
  return *this;
}

Admission::Slot::~Slot() {
  if (route_ == nullptr) return;
  Admission& admission = route_->admission;
  admission.sessions_.fetch_sub(1, std::memory_order_relaxed);
  route_->sessions.fetch_sub(1, std::memory_order_relaxed);
  if (!limited_) return;
  if (limited_->client != nullptr) admission.clients_.GiveBack(limited_->client);
  if (limited_->user != nullptr) admission.users_.GiveBack(limited_->user);
}

std::vector<std::shared_ptr<Admission::Route>> Admission::RoutesOf(const config::Config& config) {
  const std::lock_guard lock(routes_mutex_);
  std::erase_if(routes_, [](const auto& entry) { return entry.second.expired(); });
  std::vector<std::shared_ptr<Route>> routes;
  for (const auto& of_config : config.routes) {
    auto& known = routes_[of_config.name];
    routes.push_back(known.lock());
    if (routes.back()) continue;
    routes.back() = std::make_shared<Route>(*this, next_route_++);
    known = routes.back();
  }
  return routes;
}

base::Result<Admission::Slot, base::Cause> Admission::TakeSlot(
    Route& route, const config::Limits& limits, const config::SessionLimits& of_route,
    const std::optional<base::IpAddress>& client, std::string_view user) {
  if (!TakeOne(sessions_, limits.sessions)) {
    return base::Unexpected(base::Cause::kAllSessions);
  }
  if (!TakeOne(route.sessions, of_route.all)) {
    sessions_.fetch_sub(1, std::memory_order_relaxed);
    return base::Unexpected(base::Cause::kRouteSessions);
  }
  Slot slot;  // What it holds by then is given back when there is no more to be had.
  slot.route_ = &route;
  const bool is_client_limited = of_route.per_client != 0 && client;
  const bool is_user_limited = of_route.per_user != 0 && !user.empty();
  if (!is_client_limited && !is_user_limited) return slot;
  slot.limited_ = std::make_unique<Slot::Limited>();
  if (is_client_limited) {
    slot.limited_->client = clients_.Take({route.id, KeyText(*client)}, of_route.per_client);
    if (slot.limited_->client == nullptr) return base::Unexpected(base::Cause::kClientSessions);
  }
  if (is_user_limited) {
    slot.limited_->user = users_.Take({route.id, std::string(user)}, of_route.per_user);
    if (slot.limited_->user == nullptr) return base::Unexpected(base::Cause::kUserSessions);
  }
  return slot;
}

// ---- The rate of connections ----

// A token bucket, kept as the one time at which it will be full again: each connection puts that
// off by what a token takes to come, and it may never be further off than a whole bucket.
std::optional<base::Duration> Admission::TakeHandshake(const config::Rate& rate,
                                                       const std::optional<base::IpAddress>& client,
                                                       base::TimePoint now) {
  if (!client) return std::nullopt;
  Key key{0, KeyText(*client)};
  Rates& rates = rates_[KeyHash()(key) % kShards];
  const Micros now_us = now.time_since_epoch();
  const std::lock_guard lock(rates.mutex);
  if (now >= rates.sweep_at) {
    std::erase_if(rates.full_at, [&](const auto& entry) { return entry.second <= now_us; });
    rates.sweep_at = now + kSweepInterval;
  }
  const auto found = rates.full_at.find(key);
  const Micros full_at = found == rates.full_at.end() ? now_us : std::max(found->second, now_us);
  const Micros wait = full_at + rate.interval - now_us - rate.burst * rate.interval;
  if (wait > Micros(0)) return std::chrono::ceil<base::Duration>(wait);
  if (found != rates.full_at.end()) {
    found->second = full_at + rate.interval;
    return std::nullopt;
  }
  // Rather forget one than refuse everybody who is new.
  if (rates.full_at.size() >= kMostRates / kShards) rates.full_at.erase(rates.full_at.begin());
  rates.full_at.emplace(std::move(key), full_at + rate.interval);
  return std::nullopt;
}

size_t Admission::entries() {
  size_t sum = clients_.size() + users_.size();
  for (Rates& rates : rates_) {
    const std::lock_guard lock(rates.mutex);
    sum += rates.full_at.size();
  }
  return sum;
}

}  // namespace sluice::relay
