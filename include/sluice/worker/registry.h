// The connections and sessions of a worker, and how they end together: by a drain, by a reload that
// removes their route, or at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/base/table.h"
#include "sluice/intake/connection.h"
#include "sluice/intake/context.h"
#include "sluice/intake/generation.h"
#include "sluice/session/session.h"
#include "sluice/workspace/workspace.h"

namespace sluice::worker {

/// Belongs to the worker's thread, except for size().
class Registry final : private intake::ConnectionOwner, private session::SessionOwner {
 public:
  /// All arguments outlive the registry.
  Registry(workspace::Workspace& workspace, auth::RateLimiter& rate_limiter,
           std::string_view console_page);
  ~Registry();

  /// Uses `next` for connections that are accepted from now on. The DNS cache is kept unless the
  /// DNS settings have changed. Sessions of a removed route end if the route has
  /// `on_removal: close`.
  void Use(std::shared_ptr<intake::Generation> next);

  /// The generation in use; null before the first Use.
  const std::shared_ptr<intake::Generation>& generation() const { return generation_; }

  /// Starts a connection; see intake::Connection.
  void Add(std::unique_ptr<net::Stream> stream, const net::Address& client, size_t listener,
           std::shared_ptr<const tls::Context> tls);

  /// The number of connections and sessions. Any thread.
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  size_t connections() const { return connections_.size(); }
  size_t sessions() const { return sessions_.size(); }
  /// Returns the number of sessions of each route that has sessions, by the route's name. Includes
  /// routes that a reload has removed.
  std::map<std::string, uint64_t> CountByRoute() const;

  /// Starts to drain: refuses incomplete requests, and closes every session at a random time within
  /// `window`. `done` is called when no connection or session is left.
  void Drain(base::Duration window, std::function<void()> done);
  bool is_draining() const { return is_draining_; }

  /// Calls `done` when no connection or session is left, however long that takes.
  void AwaitEnd(std::function<void()> done);

  /// Ends every connection and session at once.
  void Abort();

 private:
  void Release(intake::Connection& connection) override;
  void Release(session::Session& session) override;
  session::Session& AddSession(session::Session::Parts parts) override;
  std::optional<base::Cause> ReasonToEnd(const session::RouteInUse& route) const override;

  void UpdateSize();
  void CheckEnd();

  workspace::Workspace& workspace_;
  intake::Context context_;
  std::shared_ptr<intake::Generation> generation_;
  base::Table<intake::Connection> connections_;
  base::Table<session::Session> sessions_;
  bool is_draining_ = false;
  std::function<void()> when_empty_;  // Null: no one waits for the end.
  std::atomic<size_t> size_{0};
};

}  // namespace sluice::worker
