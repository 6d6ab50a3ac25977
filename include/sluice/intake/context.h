// Objects of a worker that all its connections use.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sluice/auth/rate_limiter.h"
#include "sluice/base/cause.h"
#include "sluice/intake/refusal_log.h"
#include "sluice/session/session.h"
#include "sluice/workspace/workspace.h"

namespace sluice::intake {

class Connection;

/// Owns connections and the sessions that they become. The worker's registry implements it.
class ConnectionOwner {
 public:
  /// Releases a connection that has ended or become a session. The owner destroys it in the next
  /// turn of the loop.
  virtual void Release(Connection& connection) = 0;

  /// Creates the session that a connection becomes. The connection is released next.
  virtual session::Session& AddSession(session::Session::Parts parts) = 0;

  /// Returns why a new session of `route` must end at once (a drain, or a removed route); unset if
  /// it may live.
  virtual std::optional<base::Cause> ReasonToEnd(const session::RouteInUse& route) const = 0;

 protected:
  ~ConnectionOwner() = default;
};

/// Belongs to the worker's thread. The rate limiter is shared by all workers.
struct Context {
  workspace::Workspace& workspace;
  auth::RateLimiter& rate_limiter;
  const std::string_view console_page;
  ConnectionOwner& owner;
  RefusalLog refusal_log = {};
};

}  // namespace sluice::intake
