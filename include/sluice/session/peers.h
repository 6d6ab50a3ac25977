// Who takes part in a session.
#pragma once

#include <memory>

#include "sluice/auth/identity.h"
#include "sluice/base/session_id.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/address.h"
#include "sluice/settings/endpoint.h"

namespace sluice::session {

struct Peers {
  net::Address client;
  bool has_half_close = false;                       ///< as agreed (websocket/half_close.h)
  metrics::ListenerMetrics* listener = nullptr;      ///< of the listener that accepted the client
  std::shared_ptr<const settings::Endpoint> server;  ///< the one that was dialled; null: none
  base::SessionId id;
  std::shared_ptr<const auth::Identity> identity = nullptr;  ///< null without authentication
};

}  // namespace sluice::session
