// Slows down clients that fail to authenticate again and again. Pure.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "sluice/base/clock.h"
#include "sluice/base/ip.h"
#include "sluice/settings/auth.h"

namespace sluice::auth {

/// Counts the failures of each address, of IPv6 of each /64, since a host has all of those. Of too
/// many addresses it forgets the one whose window began first. Shared by the workers; thread-safe.
class FailureLimiter {
 public:
  explicit FailureLimiter(const settings::AuthFailures& limits) : limits_(limits) {}

  const settings::AuthFailures& limits() const { return limits_; }

  /// Returns how long `address` has to wait; nothing if it may try.
  std::optional<base::Duration> Wait(const base::IpAddress& address, base::TimePoint now);

  /// Counts a try whose outcome is not known yet as a failure, until it is taken back, so that
  /// concurrent tries are limited, too.
  void Count(const base::IpAddress& address, base::TimePoint now);
  void TakeBack(const base::IpAddress& address);

  size_t size() const;

 private:
  struct Hash {
    size_t operator()(const base::IpAddress& address) const;
  };
  struct Entry {
    base::IpAddress key;
    base::TimePoint begun;
    unsigned failures = 0;
  };
  using Entries = std::list<Entry>;

  static base::IpAddress KeyOf(const base::IpAddress& address);
  void Erase(Entries::iterator entry);

  const settings::AuthFailures limits_;
  mutable std::mutex mutex_;
  Entries entries_;  // Those whose windows began first are in front.
  std::unordered_map<base::IpAddress, Entries::iterator, Hash> by_key_;
};

}  // namespace sluice::auth
