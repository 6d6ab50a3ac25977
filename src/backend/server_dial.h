// Connects to one server of a backend: a dial::Dial and, if the server is a WebSocket, the upgrade
// after it, within the same time limit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/dial/dial.h"
#include "sluice/http/response_parser.h"
#include "sluice/leg/leg.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/event_loop.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/limits.h"
#include "sluice/settings/session_options.h"
#include "sluice/workspace/workspace.h"

namespace sluice::backend {

/// A dial under way. Destroying it cancels the dial. Belongs to the loop's thread.
class ServerDial final : private net::StreamHandler, private net::TimerHandler {
 public:
  using Outcome = base::Result<std::unique_ptr<leg::Leg>, dial::Failure>;
  using Callback = std::function<void(Outcome)>;

  /// The settings of the upgrade to a WebSocket server, and of the leg to any server. They outlive
  /// the dial and the leg.
  struct Upgrade {
    const settings::WebSocketClient& websocket;
    const settings::SessionOptions& session;
    const settings::Limits& limits;  ///< of the answer's head
  };

  /// See dial::Dial. `dial.timeout` includes the upgrade.
  ServerDial(workspace::Workspace& workspace, dns::Resolver& resolver,
             const settings::Endpoint& server, dial::Options dial, const Upgrade& upgrade,
             Callback callback);

 private:
  void OnDialled(dial::Dial::Outcome outcome);
  void Finish(Outcome outcome);
  void OnStreamReady() override;
  void OnTimer() override;
  void SendRequest();
  void ReadAnswer();
  void CheckAnswer(base::Bytes early);
  void Fail(std::string why);

  workspace::Workspace& workspace_;
  const settings::Endpoint server_;
  const Upgrade upgrade_;
  const base::TimePoint deadline_;
  const bool has_deadline_;
  Callback callback_;
  std::string key_;  // Of our upgrade.
  net::ByteQueue request_;
  http::ResponseParser answer_;
  net::Timer timer_;
  std::unique_ptr<net::Stream> stream_;  // Connected, in its upgrade.
  dial::Dial dial_;
};

}  // namespace sluice::backend
