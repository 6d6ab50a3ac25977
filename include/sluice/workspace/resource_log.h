// The log line `local_resources`.
#pragma once

#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/log.h"
#include "sluice/base/log_limit.h"

namespace sluice::workspace {

/// Logs dials that failed for lack of local resources: one line in 10 s, with the number of those
/// that were not logged. Belongs to one thread.
class ResourceLog {
 public:
  void Write(base::Log& log, base::TimePoint now, const std::string& detail) {
    const auto omitted = limit_.Admit(now);
    if (!omitted) return;
    log.Write(base::LogLevel::kError, "local_resources",
              {{"detail", detail}, {"omitted", *omitted}});
  }

 private:
  base::LogLimit limit_{base::Duration(10'000)};
};

}  // namespace sluice::workspace
