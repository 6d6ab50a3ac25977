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
  if (const auto* const pool = std::exchange(pool_, nullptr)) pool->GiveBack(index_, is_dialling_);
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

PlaceWaiter::PlaceWaiter(std::shared_ptr<const Pool> pool, Ask ask, std::function<void()> on_place)
    : pool_(std::move(pool)), ask_(std::move(ask)), on_place_(std::move(on_place)) {}

// A place that it was given meanwhile is given back with the slot.
PlaceWaiter::~PlaceWaiter() {
  pool_->Leave(*this, QueueEnd::kLeft);
}

std::optional<ServerSlot> PlaceWaiter::Take(base::TimePoint now) {
  return pool_->TakeFor(*this, now);
}

std::optional<ServerSlot> PlaceWaiter::Look(base::TimePoint now) {
  if (auto slot = pool_->TakeFor(*this, now)) return slot;
  return pool_->LookFor(*this, now);
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

size_t Pools::Others(size_t backend, size_t server, const Ask& ask) const {
  return pools_[backend]->Others(server, ask);
}

base::Result<Pools::Pick, NoServer> Pools::Take(size_t backend, const Ask& ask) const {
  return pools_[backend]->Take(ask);
}

std::unique_ptr<PlaceWaiter> Pools::Wait(size_t backend, Ask ask,
                                         std::function<void()> on_place) const {
  return pools_[backend]->Wait(std::move(ask), std::move(on_place));
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
