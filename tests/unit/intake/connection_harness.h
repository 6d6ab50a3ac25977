// A worker around connections, as far as intake knows one: what it lends, and the tables of
// connections and sessions.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sluice/auth/rate_limiter.h"
#include "sluice/auth/session_quota.h"
#include "sluice/base/table.h"
#include "sluice/intake/connection.h"
#include "sluice/intake/context.h"
#include "sluice/intake/generation.h"
#include "sluice/session/session.h"
#include "sluice/workspace/workspace.h"

#include "base/recording_log.h"
#include "net/run_loop.h"

namespace sluice::intake::testing {

inline constexpr std::string_view kPageText = "<page>";

/// Its loop is run by the test.
class FakeWorker : private ConnectionOwner, private session::SessionOwner {
 public:
  virtual ~FakeWorker() = default;
  /// With `config`, which outlives this, as the configuration in use.
  void Use(const settings::Config& config, std::shared_ptr<dns::Resolver> resolver) {
    const std::shared_ptr<const settings::Config> unowned(std::shared_ptr<void>(), &config);
    generation = std::make_shared<Generation>(unowned, std::move(resolver), metrics,
                                              quota.RouteCountsOf(config),
                                              std::make_shared<routing::Pools>(config, nullptr, 1));
  }

  Connection& Accept(std::unique_ptr<net::Stream> stream, const net::Address& address = {},
                     std::shared_ptr<const tls::Context> tls = nullptr) {
    metrics.listeners[0].connections_active.Add();
    Connection& connection = connections.Add(std::make_unique<Connection>(
        context, generation, std::move(stream), address, 0, std::move(tls)));
    connection.Start();
    return connection;
  }
  void Drain() {
    is_draining = true;
    connections.ForEach([](Connection& connection) { connection.Drain(); });
    sessions.ForEach([](session::Session& session) { session.RequestClose(base::Cause::kDrain); });
  }
  void Cut() {
    connections.ForEach([](Connection& connection) { connection.Abort(); });
    sessions.ForEach([](session::Session& session) { session.Abort(); });
  }
  bool RunUntil(const std::function<bool()>& done) { return net::testing::RunUntil(loop, done); }

  // Order matters: what is below uses what is above.
  auth::SessionQuota quota;
  auth::RateLimiter rate_limiter;
  workspace::MemoryBudget memory{0};
  net::EventLoop loop;
  base::testing::RecordingLog log;
  metrics::WorkerMetrics metrics{2, 1, 3};
  workspace::Workspace workspace{loop, memory, log, 1};
  Context context{workspace, rate_limiter, kPageText, static_cast<ConnectionOwner&>(*this)};
  std::shared_ptr<Generation> generation;
  base::Table<Connection> connections;
  base::Table<session::Session> sessions;
  bool is_draining = false;

 private:
  void Release(Connection& connection) override { loop.DestroyLater(connections.Take(connection)); }
  void Release(session::Session& session) override { loop.DestroyLater(sessions.Take(session)); }
  session::Session& AddSession(session::Session::Parts parts) override {
    return sessions.Add(std::make_unique<session::Session>(
        workspace, static_cast<session::SessionOwner&>(*this), std::move(parts)));
  }
  std::optional<base::Cause> ReasonToEnd(const session::RouteInUse& /*route*/) const override {
    return is_draining ? std::optional(base::Cause::kDrain) : std::nullopt;
  }
};

}  // namespace sluice::intake::testing
