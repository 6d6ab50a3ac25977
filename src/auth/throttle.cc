#include "sluice/auth/throttle.h"

#include <functional>
#include <string_view>

namespace sluice::auth {
namespace {

// Addresses that are remembered at once: 5 MB.
constexpr size_t kMostEntries = 65'536;

}  // namespace

size_t Throttle::Hash::operator()(const base::IpAddress& address) const {
  const auto& bytes = address.bytes();
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

base::IpAddress Throttle::KeyOf(const base::IpAddress& address) {
  return address.is_v4() ? address : address.Prefix(64);
}

std::optional<base::Duration> Throttle::Wait(const base::IpAddress& address, base::TimePoint now) {
  if (limits_.limit == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(KeyOf(address));
  if (entry == entries_.end()) return std::nullopt;
  const auto end = entry->second.begun + limits_.window;
  if (now >= end) {
    entries_.erase(entry);
    return std::nullopt;
  }
  if (entry->second.failures < limits_.limit) return std::nullopt;
  return end - now;
}

void Throttle::Count(const base::IpAddress& address, base::TimePoint now) {
  if (limits_.limit == 0) return;
  const std::lock_guard lock(mutex_);
  MakeRoom(now);
  Entry& entry = entries_[KeyOf(address)];
  if (entry.failures == 0 || now >= entry.begun + limits_.window) entry = {now, 0};
  ++entry.failures;
}

void Throttle::TakeBack(const base::IpAddress& address) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(KeyOf(address));
  if (entry == entries_.end()) return;
  if (--entry->second.failures == 0) entries_.erase(entry);
}

void Throttle::MakeRoom(base::TimePoint now) {
  if (entries_.size() < kMostEntries) return;
  std::erase_if(entries_,
                [&](const auto& entry) { return now >= entry.second.begun + limits_.window; });
  // Whoever has so many addresses is not stopped by forgetting none.
  if (entries_.size() >= kMostEntries) entries_.clear();
}

size_t Throttle::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice::auth
