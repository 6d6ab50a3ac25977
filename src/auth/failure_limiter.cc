#include "sluice/auth/failure_limiter.h"

#include <functional>
#include <string_view>

namespace sluice::auth {
namespace {

// The addresses that are kept at most: 10 MB.
constexpr size_t kMostEntries = 65'536;

}  // namespace

size_t FailureLimiter::Hash::operator()(const base::IpAddress& address) const {
  const auto& bytes = address.bytes();
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

base::IpAddress FailureLimiter::KeyOf(const base::IpAddress& address) {
  return address.is_v4() ? address : address.Prefix(64);
}

std::optional<base::Duration> FailureLimiter::Wait(const base::IpAddress& address,
                                                   base::TimePoint now) {
  if (limits_.limit == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(KeyOf(address));
  if (known == by_key_.end()) return std::nullopt;
  const auto entry = known->second;
  const auto end = entry->begun + limits_.window;
  if (now >= end) {
    Erase(entry);
    return std::nullopt;
  }
  if (entry->failures < limits_.limit) return std::nullopt;
  return end - now;
}

void FailureLimiter::Count(const base::IpAddress& address, base::TimePoint now) {
  if (limits_.limit == 0) return;
  const std::lock_guard lock(mutex_);
  const base::IpAddress key = KeyOf(address);
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    if (now < known->second->begun + limits_.window) {
      ++known->second->failures;
      return;
    }
    Erase(known->second);
  }
  if (entries_.size() >= kMostEntries) Erase(entries_.begin());
  by_key_.emplace(key, entries_.insert(entries_.end(), {key, now, 1}));
}

void FailureLimiter::Withdraw(const base::IpAddress& address) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(KeyOf(address));
  if (known == by_key_.end()) return;
  if (--known->second->failures == 0) Erase(known->second);
}

void FailureLimiter::Erase(Entries::iterator entry) {
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

size_t FailureLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice::auth
