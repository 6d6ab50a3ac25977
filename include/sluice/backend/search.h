// Finds a server of a backend for a session and connects to it. A search needs no request.
//
//   Start ──► StartRound ──► TryNextServer ──► Dial ──► connected
//                 ▲           ▲   │     ▲        │
//                 │       place   │     └────────┤ failed: the next server
//                 │     WaitForPlace ◄─ full     │
//                 └─── pause ── EndRound ◄───────┴─ no server is left
//
// A round tries each server that is up once, within timeouts.connect. With connect_retry there are
// more rounds; the last one starts when the time of connect_retry is over. There are also more
// rounds, for a short time, while sluice has no local port, descriptor or memory for a dial.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/backend/backends.h"
#include "sluice/base/cause.h"
#include "sluice/base/result.h"
#include "sluice/base/session_id.h"
#include "sluice/dial/dial.h"
#include "sluice/leg/leg.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/workspace/workspace.h"

namespace sluice::backend {

class PlaceWait;
class ServerDial;

/// Belongs to the loop's thread. Destroying it cancels the search.
class Search final : private net::TimerHandler {
 public:
  /// The backend to search, and the session that needs a server of it.
  struct Wanted {
    size_t backend;  ///< by index
    /// Its time limits and, for a WebSocket, its message framing. Outlives the search and the leg.
    const settings::SessionOptions& session;
    /// The server that the request or its credentials name; null: one of the configuration.
    std::shared_ptr<const settings::Endpoint> named_server = nullptr;
    std::optional<uint64_t> balance_key = std::nullopt;  ///< routing::BalanceKey()
    std::vector<uint8_t> preamble = {};                  ///< a PROXY header, sent first
    // For the log.
    base::SessionId connection = {};
    net::Address client = {};
    std::string_view route = {};  ///< outlives the search
  };

  struct Found {
    std::unique_ptr<leg::Leg> leg;
    routing::ServerSlot slot;
  };
  /// Called once, possibly from inside Start. The error is the cause to report to the client. It
  /// may pass the search to EventLoop::DestroyLater, but must not destroy it.
  using Callback = std::function<void(base::Result<Found, base::Cause>)>;

  /// `workspace` and `backends` outlive the search.
  Search(workspace::Workspace& workspace, Backends& backends, Wanted wanted, Callback callback);
  ~Search();

  void Start();

  /// Ends the search with Cause::kDrain unless a dial is under way, which may still succeed.
  void StopWaiting();

  /// Ends the search without calling the callback.
  void Cancel();

  /// The server that was dialled last; null: none.
  const std::shared_ptr<const settings::Endpoint>& server() const { return server_; }

 private:
  void OnTimer() override;

  void StartRound();
  void TryNextServer();
  void EndRound(base::Cause cause);
  void WaitForPlace();
  void TryPlace();
  void Dial(routing::ServerSlot slot, size_t others);
  dial::Options OptionsFor(base::Duration timeout) const;
  void OnDialled(base::Result<std::unique_ptr<leg::Leg>, dial::Failure> outcome);
  void OnConnected(std::unique_ptr<leg::Leg> leg);
  void OnFailed(const dial::Failure& failure);
  void LogFailure(const dial::Failure& failure);
  void Finish(base::Result<Found, base::Cause> result);

  const settings::Backend& settings() const { return backends_.config.backends[wanted_.backend]; }

  workspace::Workspace& workspace_;
  Backends& backends_;
  const Wanted wanted_;
  const Callback callback_;
  net::Timer timer_;

  routing::Criteria criteria_;
  routing::ServerSlot slot_;                          // Of the dial under way.
  std::shared_ptr<const settings::Endpoint> server_;  // The server dialled last; null: none.
  std::unique_ptr<ServerDial> dial_;                  // Null: none is under way.
  std::unique_ptr<PlaceWait> place_wait_;             // Null: the search does not wait for a place.
  base::TimePoint round_ends_;
  base::TimePoint wait_ends_;      // The end of the wait for a place.
  base::TimePoint retry_ends_;     // The end of connect_retry.
  base::TimePoint scarcity_ends_;  // The end of the wait for local resources.
  base::Duration retry_pause_;
  base::Cause last_failure_ = base::Cause::kBackendDown;  // To report if no server is left.
  std::chrono::steady_clock::time_point dial_started_;
};

}  // namespace sluice::backend
