// An accepted connection until it ends or becomes a session: it reads the PROXY header, does the
// TLS handshake, and starts a protocol that reads requests (protocol.h). The states are in
// connection_state.h.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/table.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/intake/connection_state.h"
#include "sluice/intake/context.h"
#include "sluice/intake/generation.h"
#include "sluice/intake/protocol.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/stream.h"
#include "sluice/session/session.h"
#include "sluice/tls/context.h"

namespace sluice::tls {
class Stream;
}

namespace sluice::intake {

struct ProxyHeaderOutcome;
class ProxyHeaderReader;

/// Belongs to the table of its worker and to the worker's thread. It releases itself when it ends.
class Connection final : public base::TableEntry,
                         private net::StreamHandler,
                         private net::TimerHandler {
 public:
  /// `listener` is an index into Config::listeners. With `tls`, the client speaks TLS over
  /// `stream`. `context` outlives the connection.
  Connection(Context& context, std::shared_ptr<Generation> generation,
             std::unique_ptr<net::Stream> stream, const net::Address& address, size_t listener,
             std::shared_ptr<const tls::Context> tls = nullptr);
  ~Connection();

  /// Starts the connection. To be called when the connection is in its table.
  void Start();

  /// Refuses an incomplete request, and ends a connection without a request, because the worker is
  /// draining. A request that is being answered continues.
  void Drain();

  /// Accepts no request after the current one, because the configuration has changed or another
  /// process takes over. A connection that waits for its next request ends.
  void EndKeepAlive();

  /// Ends the connection at once.
  void Abort();

  // ---- For the protocol ----

  Context& context() { return context_; }
  const std::shared_ptr<Generation>& generation() const { return generation_; }
  const Client& client() const { return client_; }
  net::Stream& stream() { return *stream_; }
  /// The end of timeouts.handshake, which begins when the connection is accepted.
  base::TimePoint deadline() const { return deadline_; }
  /// Returns true if another request may follow the current one.
  bool may_keep_alive() const { return may_keep_alive_; }
  /// Returns true if limits.handshake_rate has counted the connection.
  bool is_rate_counted() const { return is_rate_counted_; }
  const settings::Listener& listener() const {
    return generation_->config.listeners[client_.listener];
  }

  /// Gives the stream away, for the client leg of a session. BecomeSession follows.
  std::unique_ptr<net::Stream> ReleaseStream();
  /// Creates a session with `parts` in the place of this connection, which is released. The caller
  /// starts the session.
  session::Session& BecomeSession(session::Session::Parts parts);

 private:
  void OnStreamReady() override;
  void OnTimer() override;

  void ReadProxyHeader();
  void OnProxyHeader(const ProxyHeaderOutcome& outcome);

  void StartTls(base::Bytes received);
  void ContinueHandshake();
  void OnPlainText();
  void EndHandshake(metrics::TlsResult result, std::string_view detail = {});

  void StartProtocol(base::Bytes received, bool refuses_plain_text = false);
  void RefuseEarly(const http::Refusal& refusal, base::Bytes received = {});
  bool RefuseIfOverRate();
  bool Enter(ConnectionEvent event);
  metrics::ListenerMetrics& listener_metrics();

  Context& context_;
  const std::shared_ptr<Generation> generation_;
  Client client_;
  const base::TimePoint deadline_;
  std::shared_ptr<const tls::Context> tls_;  // Null without TLS, or when TLS has started.
  ConnectionState state_ = ConnectionState::kProxyHeader;
  std::unique_ptr<net::Stream> stream_;              // Null in kClosed.
  net::Timer timer_;                                 // Runs until kServing.
  std::unique_ptr<ProxyHeaderReader> proxy_header_;  // Null if the listener reads no PROXY header.
  tls::Stream* handshake_ = nullptr;                 // `stream_` while it is in kHandshake.
  std::unique_ptr<Protocol> protocol_;               // From kServing on.
  bool is_rate_counted_ = false;
  bool may_keep_alive_ = true;
};

}  // namespace sluice::intake
