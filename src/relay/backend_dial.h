// The way to a server of a backend, whatever it speaks: a net::Dial, and for a WebSocket the
// upgrade behind it, within the same time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/config/types.h"
#include "sluice/http/response_parser.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/dialer.h"
#include "sluice/net/event_loop.h"
#include "sluice/relay/generation.h"
#include "sluice/relay/worker_context.h"

namespace sluice::relay {

/// A dial under way. Destroying it cancels. Belongs to the loop's thread.
class BackendDial final : private net::StreamHandler, private net::TimerHandler {
 public:
  using Outcome = net::Dial::Outcome;
  using Callback = net::Dial::Callback;

  /// As net::Dial; `dial.timeout` is over the upgrade, too. `websocket` and `session`, which say
  /// how a WebSocket is asked for and what it carries, outlive the dial and the stream that comes
  /// of it.
  BackendDial(WorkerContext& context, const Generation& generation, const config::Endpoint& server,
              net::DialOptions dial, const config::WebSocketClient& websocket,
              const config::SessionOptions& session, Callback callback);

 private:
  void OnDialled(Outcome outcome);
  void OnStreamReady() override;
  void OnTimer() override;
  void SendRequest();
  void ReadAnswer();
  void TakeAnswer(base::Bytes early);
  void Fail(std::string why);

  WorkerContext& context_;
  const config::Endpoint server_;
  const config::WebSocketClient& websocket_;
  const config::SessionOptions& session_;
  const base::TimePoint deadline_;
  const bool has_deadline_;
  Callback callback_;
  std::string key_;  // Of our upgrade.
  net::ByteQueue request_;
  http::ResponseParser answer_;
  net::Timer timer_;
  std::unique_ptr<net::Stream> stream_;  // Connected, in its upgrade.
  net::Dial dial_;
};

}  // namespace sluice::relay
