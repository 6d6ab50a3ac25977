#include "sluice/session/lifetime.h"

#include <algorithm>

namespace sluice::session {

void Lifetime::EndBy(std::chrono::sys_seconds time, base::TimePoint now, base::Cause cause) {
  // A time of the calendar may be too far off for a clock with finer ticks.
  constexpr std::chrono::seconds kLongest = std::chrono::years(100);
  const auto today = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  EndBy(now + std::min<std::chrono::seconds>(time - today, kLongest), cause);
}

}  // namespace sluice::session
