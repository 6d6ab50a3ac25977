// Values by name, each cached for a lifetime such as that of its DNS records. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "sluice/base/clock.h"

namespace sluice::dns {

/// Not thread-safe.
template <typename Value>
class NameCache {
 public:
  /// Bounded, because requests may name hosts.
  static constexpr size_t kMaxNames = 1024;

  /// Bounds every lifetime by `max_lifetime`.
  explicit NameCache(base::Duration max_lifetime) : max_lifetime_(max_lifetime) {}

  /// Returns the value of a name; null if there is none, or if it has expired. Valid until the next
  /// call.
  Value* Find(const std::string& name, base::TimePoint now) {
    const auto found = names_.find(name);
    if (found == names_.end()) return nullptr;
    if (found->second.until > now) return &found->second.value;
    names_.erase(found);
    return nullptr;
  }

  void Put(const std::string& name, Value value, std::chrono::seconds lifetime,
           base::TimePoint now) {
    const auto until = now + std::min<base::Duration>(lifetime, max_lifetime_);
    if (until <= now) return;
    if (names_.size() >= kMaxNames) MakeRoom(now);
    names_.insert_or_assign(name, Entry{std::move(value), until});
  }

  /// Moves the values of `other` here.
  void MoveFrom(NameCache& other) { names_ = std::exchange(other.names_, {}); }

  size_t size() const { return names_.size(); }

 private:
  struct Entry {
    Value value;
    base::TimePoint until;
  };

  // Removes the expired values, or all of them if none has expired: this is rare.
  void MakeRoom(base::TimePoint now) {
    std::erase_if(names_, [now](const auto& item) { return item.second.until <= now; });
    if (names_.size() >= kMaxNames) names_.clear();
  }

  const base::Duration max_lifetime_;
  std::unordered_map<std::string, Entry> names_;
};

}  // namespace sluice::dns
