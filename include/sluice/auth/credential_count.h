// Counts the refused credentials of one request as failures. Pure.
#pragma once

#include <optional>
#include <vector>

#include "sluice/auth/failure_limiter.h"
#include "sluice/auth/identity.h"
#include "sluice/auth/tokens.h"
#include "sluice/base/clock.h"
#include "sluice/base/ip.h"

namespace sluice::auth {

/// Several routes and methods may check the same credential, or each another one. Every credential
/// that is refused counts once, whatever else is accepted: a good one must not make guesses free. A
/// credential that any of them accepts does not count.
class CredentialCount {
 public:
  /// `limiter` outlives this. Without an address nothing is counted.
  CredentialCount(FailureLimiter& limiter, std::optional<base::IpAddress> address)
      : limiter_(limiter), address_(address) {}

  /// Notes that a check of `credential` begins. It counts as a failure from now on, so that
  /// simultaneous requests get no more guesses.
  void Begin(const Digest& credential, base::TimePoint now);

  /// Notes the verdict, with or without a Begin before.
  void End(const Digest& credential, Verdict::Kind verdict, base::TimePoint now);

 private:
  struct Entry {
    Digest credential;
    bool is_counted = false;
    bool was_refused = false;
    bool was_accepted = false;
  };

  Entry& EntryOf(const Digest& credential);
  void SetCounted(Entry& entry, bool counted, base::TimePoint now);

  FailureLimiter& limiter_;
  const std::optional<base::IpAddress> address_;
  std::vector<Entry> entries_;  // A few: at most one for each method that the request meets.
};

}  // namespace sluice::auth
