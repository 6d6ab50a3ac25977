// What is known of names, each for as long as its DNS records live. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "sluice/base/clock.h"

namespace sluice::net {

/// Not thread-safe.
template <typename Value>
class NameCache {
 public:
  /// Requests may bring names of their own.
  static constexpr size_t kMaxNames = 1024;

  /// Nothing is kept for longer than `max_lifetime`.
  explicit NameCache(base::Duration max_lifetime) : max_lifetime_(max_lifetime) {}

  /// Null if nothing is known. Good until the next call.
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

  size_t size() const { return names_.size(); }

 private:
  struct Entry {
    Value value;
    base::TimePoint until;
  };

  // All of them go if none is over: it will be a while until this is needed again.
  void MakeRoom(base::TimePoint now) {
    std::erase_if(names_, [now](const auto& item) { return item.second.until <= now; });
    if (names_.size() >= kMaxNames) names_.clear();
  }

  const base::Duration max_lifetime_;
  std::unordered_map<std::string, Entry> names_;
};

}  // namespace sluice::net
