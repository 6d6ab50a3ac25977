#include "sluice/routing/pools.h"

#include <utility>

#include "routing/hash.h"
#include "routing/pool.h"

namespace sluice::routing {

// ---- Slots ----

ServerSlot& ServerSlot::operator=(ServerSlot&& other) noexcept {
  if (this == &other) return *this;
  Release();
  pool_ = std::exchange(other.pool_, nullptr);
  index_ = other.index_;
  is_dialling_ = other.is_dialling_;
  return *this;
}

void ServerSlot::Release() {
  if (const auto* const pool = std::exchange(pool_, nullptr)) pool->Release(index_, is_dialling_);
}

bool ServerSlot::OnConnected(base::TimePoint now) {
  is_dialling_ = false;
  return pool_->OnConnected(index_, now);
}

std::optional<base::Duration> ServerSlot::OnFailed(base::TimePoint now) {
  const auto ejected = pool_->OnFailed(index_, now);
  Release();
  return ejected;
}

// ---- Waiters ----

PlaceWaiter::PlaceWaiter(std::shared_ptr<const Pool> pool, Criteria criteria,
                         std::function<void()> on_place)
    : pool_(std::move(pool)), criteria_(std::move(criteria)), on_place_(std::move(on_place)) {}

/// Leaves the queue. A place that was assigned meanwhile is released with the slot.
PlaceWaiter::~PlaceWaiter() {
  pool_->Leave(*this, QueueEnd::kLeft);
}

std::optional<ServerSlot> PlaceWaiter::Acquire(base::TimePoint now) {
  return pool_->AcquireFor(*this, now);
}

std::optional<ServerSlot> PlaceWaiter::Retry(base::TimePoint now) {
  if (auto slot = pool_->AcquireFor(*this, now)) return slot;
  return pool_->RetryFor(*this, now);
}

void PlaceWaiter::GiveUp() {
  pool_->Leave(*this, QueueEnd::kTimeout);
}

// ---- Pools ----

Pools::Pools(const settings::Config& config, const Pools* previous, uint64_t seed) {
  if (previous != nullptr) known_ = previous->known_;
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  size_t first_id = 0;
  for (const settings::Backend& backend : config.backends) {
    auto& known = known_[backend.name];
    auto shared = known.lock();
    if (!shared) {
      known = shared = std::make_shared<PoolShared>();
      shared->random.seed(static_cast<std::minstd_rand::result_type>(Mix(seed + first_id)));
    }
    pools_.push_back(std::make_shared<Pool>(backend, std::move(shared)));
    first_ids_.push_back(first_id);
    first_id += backend.servers.size();
  }
}

Pools::~Pools() = default;

size_t Pools::CountOthers(size_t backend, size_t server, const Criteria& criteria) const {
  return pools_[backend]->CountOthers(server, criteria);
}

base::Result<Pools::Pick, NoServer> Pools::Acquire(size_t backend, const Criteria& criteria) const {
  return pools_[backend]->Acquire(criteria);
}

std::unique_ptr<PlaceWaiter> Pools::Wait(size_t backend, Criteria criteria,
                                         std::function<void()> on_place) const {
  return pools_[backend]->Wait(std::move(criteria), std::move(on_place));
}

void Pools::Activate() const {
  for (const auto& pool : pools_) pool->Activate();
}

bool Pools::SetHealth(size_t backend, size_t server, bool up, base::TimePoint now) const {
  return pools_[backend]->SetHealth(server, up, now);
}

std::vector<BackendState> Pools::Describe(base::TimePoint now) const {
  std::vector<BackendState> states;
  for (const auto& pool : pools_) states.push_back(pool->Describe(now));
  return states;
}

}  // namespace sluice::routing
