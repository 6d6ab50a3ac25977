// Relays the payload of a session's legs to each other, in both directions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/base/clock.h"
#include "sluice/leg/leg.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/event_loop.h"
#include "sluice/session/direction.h"
#include "sluice/session/legs.h"
#include "sluice/settings/session_options.h"
#include "sluice/workspace/workspace.h"

namespace sluice::session {

/// Acts on what the legs report besides payload: the session.
class RelayHandler : public net::StreamHandler {
 public:
  virtual void OnClientInput(const leg::Input& input) = 0;
  virtual void OnClientOutput(const leg::Output& output) = 0;
  virtual void OnBackendInput(const leg::Input& input) = 0;
  virtual void OnBackendOutput(const leg::Output& output) = 0;

 protected:
  ~RelayHandler() = default;
};

/// Belongs to a session. Has the legs, and two directions between them. When relaying can continue
/// it calls the handler's OnStreamReady, as the streams of the legs do.
class Relay final : private net::EventLoop::Task {
 public:
  /// All but `legs` outlive it.
  Relay(workspace::Workspace& workspace, RelayHandler& handler, metrics::RouteMetrics& metrics,
        const settings::SessionOptions& options, Legs legs);

  /// Relays what can be relayed in this turn. The handler is called in between; it does not destroy
  /// a leg.
  void Run();
  /// Sends what waits in the legs.
  void Flush();
  /// Brings the metrics of what waits up to date.
  void ReportQueued();

  /// The backend takes nothing more: the client, whose socket may have no other event, is read
  /// again.
  void StopWaitingForBackend();
  /// Nothing is relayed any more: what the legs read is dropped, to the end.
  void Discard();

  Legs& legs() { return legs_; }
  const Legs& legs() const { return legs_; }
  Direction& to_backend() { return to_backend_; }
  const Direction& to_backend() const { return to_backend_; }
  Direction& to_client() { return to_client_; }
  const Direction& to_client() const { return to_client_; }

  /// When payload was last relayed, in either direction.
  base::TimePoint last_payload() const { return last_payload_; }
  /// Bytes that were relayed, and bytes that the peers have acknowledged. Two system calls.
  uint64_t Moved() const { return to_backend_.bytes() + to_client_.bytes() + legs_.Taken(); }

 private:
  void RunTask() override;
  void RunToBackend();
  void RunToClient();
  void AfterRun(const Direction& direction, Direction& opposite, uint64_t bytes_before);

  workspace::Workspace& workspace_;
  RelayHandler& handler_;
  Legs legs_;
  Direction to_backend_;
  Direction to_client_;
  base::TimePoint last_payload_;
};

}  // namespace sluice::session
