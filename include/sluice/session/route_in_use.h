// A route of one configuration as the sessions of one worker use it.
#pragma once

#include <memory>

#include "sluice/auth/session_quota.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/settings/route.h"

namespace sluice::session {

/// Belongs to a generation of the configuration; the pointer of a session keeps both alive.
struct RouteInUse {
  const settings::Route& settings;
  metrics::RouteMetrics& metrics;
  /// Shared with routes of the same name in other configurations.
  std::shared_ptr<auth::SessionQuota::RouteCount> quota;
};

}  // namespace sluice::session
