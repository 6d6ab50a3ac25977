// Slows down clients that repeatedly fail to authenticate. Pure.
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

/// Counts the failures of each address, or of each IPv6 /64, all of which one host can use. If
/// there are too many addresses, it removes the one whose window began first. Shared by the
/// workers; thread-safe.
class FailureLimiter {
 public:
  explicit FailureLimiter(const settings::AuthFailures& limits) : limits_(limits) {}

  const settings::AuthFailures& limits() const { return limits_; }

  /// Returns how long `address` has to wait; unset if it may try.
  std::optional<base::Duration> Wait(const base::IpAddress& address, base::TimePoint now);

  /// Counts an attempt with an unknown outcome as a failure until it is withdrawn, so that
  /// concurrent attempts are limited, too.
  void Count(const base::IpAddress& address, base::TimePoint now);
  void Withdraw(const base::IpAddress& address);

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
  Entries entries_;  // Sorted by the start of the window, the oldest first.
  std::unordered_map<base::IpAddress, Entries::iterator, Hash> by_key_;
};

}  // namespace sluice::auth
