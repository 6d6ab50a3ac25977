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

/// Several routes and methods may check one credential, or a different one each. Every refused
/// credential counts once, even if another one is accepted: a valid credential must not make
/// guesses free. A credential that one of them accepts does not count.
class CredentialCount {
 public:
  /// `limiter` outlives this object. Without an address nothing is counted.
  CredentialCount(FailureLimiter& limiter, std::optional<base::IpAddress> address)
      : limiter_(limiter), address_(address) {}

  /// Begins a check of `credential`. It counts as a failure from now on, so that simultaneous
  /// requests get no more guesses.
  void Begin(const Digest& credential, base::TimePoint now);

  /// Ends a check with its verdict, with or without a Begin before.
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
  std::vector<Entry> entries_;  // Few: at most one for each method that checks the request.
};

}  // namespace sluice::auth
