#include "sluice/auth/credential_count.h"

#include <algorithm>

namespace sluice::auth {

void CredentialCount::Begin(const Digest& credential, base::TimePoint now) {
  Entry& entry = EntryOf(credential);
  if (!entry.was_accepted) SetCounted(entry, true, now);
}

void CredentialCount::End(const Digest& credential, Verdict::Kind verdict, base::TimePoint now) {
  Entry& entry = EntryOf(credential);
  entry.was_refused = entry.was_refused || verdict == Verdict::Kind::kRefused;
  entry.was_accepted = entry.was_accepted || verdict == Verdict::Kind::kAccepted;
  SetCounted(entry, entry.was_refused && !entry.was_accepted, now);
}

CredentialCount::Entry& CredentialCount::EntryOf(const Digest& credential) {
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.credential == credential;
  });
  return known != entries_.end() ? *known : entries_.emplace_back(Entry{credential});
}

void CredentialCount::SetCounted(Entry& entry, bool counted, base::TimePoint now) {
  if (!address_ || entry.is_counted == counted) return;
  entry.is_counted = counted;
  if (counted) {
    limiter_.Count(*address_, now);
  } else {
    limiter_.Withdraw(*address_);
  }
}

}  // namespace sluice::auth
