#include "sluice/intake/connection.h"

#include <algorithm>
#include <utility>

#include "sluice/intake/forwarded_client.h"
#include "sluice/tls/stream.h"

#include "intake/http1.h"
#include "intake/proxy_header_reader.h"
#include "intake/raw_tcp.h"
#include "intake/refusals.h"

namespace sluice::intake {

using Handshake = net::TlsState::Handshake;
using metrics::ProxyHeader;
using metrics::TlsResult;

namespace {

// The bytes to read at most in one call while a PROXY header may be incomplete.
constexpr size_t kReadSize = 16 * 1024;

/// Creates the protocol of the listener. With `refuses_plain_text`, it refuses the first request.
std::unique_ptr<Protocol> NewProtocol(Connection& connection, bool refuses_plain_text) {
  if (connection.listener().protocol == settings::ListenerProtocol::kTcp) {
    return std::make_unique<RawTcp>(connection, refuses_plain_text);
  }
  return std::make_unique<Http1>(connection, refuses_plain_text);
}

}  // namespace

Connection::Connection(Context& context, std::shared_ptr<Generation> generation,
                       std::unique_ptr<net::Stream> stream, const net::Address& address,
                       size_t listener, std::shared_ptr<const tls::Context> tls)
    : context_(context),
      generation_(std::move(generation)),
      client_{.connection = context.workspace.ids.Next(), .address = address, .listener = listener},
      deadline_(net::EventLoop::Now() + generation_->config.handshake_timeout),
      tls_(std::move(tls)),
      stream_(std::move(stream)),
      timer_(context.workspace.loop, *this) {}

Connection::~Connection() = default;

metrics::ListenerMetrics& Connection::listener_metrics() {
  return generation_->metrics.listeners[client_.listener];
}

bool Connection::Enter(ConnectionEvent event) {
  const auto next = Next(state_, event);
  if (next) state_ = *next;
  return next.has_value();
}

void Connection::Start() {
  timer_.Start(generation_->config.handshake_timeout);
  stream_->SetHandler(this);
  const auto& protocol = listener().proxy_protocol;
  const bool may_send_header = protocol && protocol->from.Contain(client_.address.ip());
  if (!may_send_header && RefuseIfOverRate()) return;
  if (!protocol) {
    StartTls({});
  } else if (protocol->is_required && !may_send_header) {
    OnProxyHeader(
        {.result = ProxyHeader::kUntrusted, .refusal = "only the load balancer may connect here"});
  } else {
    proxy_header_ = std::make_unique<ProxyHeaderReader>(*protocol, may_send_header);
    ReadProxyHeader();
  }
}

void Connection::OnStreamReady() {
  switch (state_) {
    case ConnectionState::kProxyHeader:
      ReadProxyHeader();
      break;
    case ConnectionState::kHandshake:
      ContinueHandshake();
      break;
    case ConnectionState::kAlerting:
      if (!stream_->HasUnsent()) Abort();
      break;
    case ConnectionState::kServing:
      protocol_->OnStreamReady();
      break;
    case ConnectionState::kClosed:
      break;
  }
}

/// Ends or refuses the connection: timeouts.handshake has passed before a protocol has started.
void Connection::OnTimer() {
  if (state_ == ConnectionState::kHandshake) {
    EndHandshake(TlsResult::kTimeout, "the handshake was not over in time");
    Enter(ConnectionEvent::kTlsFailed);
    Abort();  // A client without TLS cannot be answered yet.
  } else if (state_ == ConnectionState::kAlerting) {
    Abort();
  } else {
    RefuseEarly({base::Cause::kHandshakeTimeout, "the PROXY header was not complete in time"});
  }
}

void Connection::EndKeepAlive() {
  may_keep_alive_ = false;
  if (protocol_) protocol_->EndKeepAlive();
}

void Connection::Drain() {
  may_keep_alive_ = false;
  if (state_ == ConnectionState::kProxyHeader) ReadProxyHeader();
  if (state_ == ConnectionState::kHandshake) ContinueHandshake();
  if (state_ == ConnectionState::kServing) {
    protocol_->Drain();
  } else {
    Abort();
  }
}

void Connection::Abort() {
  if (state_ == ConnectionState::kHandshake) EndHandshake(TlsResult::kAborted);
  if (!Enter(ConnectionEvent::kEnded)) return;
  timer_.Stop();
  stream_->SetHandler(nullptr);
  if (protocol_) protocol_->Stop();
  stream_.reset();
  listener_metrics().connections_active.Subtract();
  context_.owner.Release(*this);
}

std::unique_ptr<net::Stream> Connection::ReleaseStream() {
  stream_->SetHandler(nullptr);
  return std::move(stream_);
}

session::Session& Connection::BecomeSession(session::Session::Parts parts) {
  session::Session& session = context_.owner.AddSession(std::move(parts));
  Enter(ConnectionEvent::kEnded);
  context_.owner.Release(*this);
  return session;
}

// ---- Rate limit ----

/// Counts the connection as its client's, and refuses it over limits.handshake_rate. Counts nothing
/// if the peer is a trusted proxy, whose requests belong to other clients.
bool Connection::RefuseIfOverRate() {
  if (IsTrustedProxy(generation_->config, client_.address.ip())) return false;
  is_rate_counted_ = true;
  const auto refusal = CountForRate(context_, *generation_, client_);
  if (refusal) RefuseEarly(*refusal);
  return refusal.has_value();
}

// ---- The PROXY header ----

void Connection::ReadProxyHeader() {
  const auto buffer = context_.workspace.buffers.scratch().first(kReadSize);
  while (state_ == ConnectionState::kProxyHeader && stream_->readable()) {
    const net::IoResult got = stream_->Read(buffer);
    if (got.status == net::IoResult::Status::kWouldBlock) return;
    if (got.status != net::IoResult::Status::kOk) {
      Abort();
      return;
    }
    if (const auto outcome = proxy_header_->Feed(buffer.first(got.bytes))) OnProxyHeader(*outcome);
  }
}

/// Refuses the connection, or continues with the client that the header reports.
void Connection::OnProxyHeader(const ProxyHeaderOutcome& outcome) {
  listener_metrics().proxy_headers[static_cast<size_t>(outcome.result)].Add();
  if (!outcome.refusal.empty()) {
    RefuseEarly({base::Cause::kBadRequest, outcome.refusal}, outcome.received);
    return;
  }
  if (const auto& endpoints = outcome.endpoints) {
    client_.address = net::Address::From(endpoints->source.ip, endpoints->source.port);
    client_.destination = endpoints->destination;
  }
  if (!is_rate_counted_ && RefuseIfOverRate()) return;
  StartTls(outcome.received);
}

// ---- TLS ----

/// Starts TLS, or the protocol if the listener is plain. `received` was read from the stream after
/// the PROXY header.
void Connection::StartTls(base::Bytes received) {
  if (!tls_) {
    StartProtocol(received);
    return;
  }
  Enter(ConnectionEvent::kTlsStarted);
  auto stream = std::make_unique<tls::Stream>(std::move(stream_), std::exchange(tls_, nullptr),
                                              context_.workspace.tls_buffers, received);
  handshake_ = stream.get();
  stream_ = std::move(stream);
  stream_->SetHandler(this);
  ContinueHandshake();
}

void Connection::ContinueHandshake() {
  switch (handshake_->ContinueHandshake()) {
    case Handshake::kUnderWay:
      return;
    case Handshake::kDone:
      EndHandshake(handshake_->tls()->is_resumed ? TlsResult::kResumed : TlsResult::kOk);
      client_.uses_tls = true;
      StartProtocol({});
      return;
    case Handshake::kFailed:
      // Browsers open connections in advance and drop them unused: nothing to log.
      if (stream_->tls()->has_peer_ended) {
        Abort();
        return;
      }
      EndHandshake(TlsResult::kFailed, stream_->tls()->failure);
      Enter(ConnectionEvent::kTlsFailed);
      if (!stream_->HasUnsent()) Abort();
      return;
    case Handshake::kNotTls:
      OnPlainText();
      return;
  }
}

/// Handles a client that speaks plain text. With `mode: auto` the connection continues without TLS;
/// otherwise an HTTP client receives an error response.
void Connection::OnPlainText() {
  const bool is_allowed = listener().tls && listener().tls->mode != settings::TlsMode::kRequired;
  EndHandshake(is_allowed ? TlsResult::kPlain : TlsResult::kNotTls);
  // The TLS stream returns the first bytes, then reads the rest unchanged.
  std::vector<uint8_t> received(kReadSize);
  const net::IoResult got = stream_->Read(received);
  received.resize(got.bytes);
  if (got.status != net::IoResult::Status::kOk) {
    Enter(ConnectionEvent::kTlsFailed);
    Abort();
    return;
  }
  if (auto plain = stream_->ReleaseInner()) {
    // Without the TLS stream, the connection costs the same as on a port without TLS.
    stream_ = std::move(plain);
    stream_->SetHandler(this);
  }
  StartProtocol(received, /*refuses_plain_text=*/!is_allowed);
}

/// Counts the result of the handshake, and logs a failure that has a `detail`.
void Connection::EndHandshake(TlsResult result, std::string_view detail) {
  listener_metrics().tls_handshakes[static_cast<size_t>(result)].Add();
  if (detail.empty()) return;
  const auto omitted = generation_->tls_log_limits[client_.listener].Admit(net::EventLoop::Now());
  if (!omitted) return;
  context_.workspace.log.Write(base::LogLevel::kInfo, "tls_handshake_failed",
                               {{"connection", client_.connection.ToString()},
                                {"listener", listener().address.ToString()},
                                {"client", client_.address.ToString()},
                                {"reason", ToString(result)},
                                {"detail", detail},
                                {"omitted", *omitted}});
}

// ---- The protocol ----

void Connection::StartProtocol(base::Bytes received, bool refuses_plain_text) {
  Enter(ConnectionEvent::kProtocolStarted);
  timer_.Stop();
  protocol_ = NewProtocol(*this, refuses_plain_text);
  protocol_->Start(received);
}

/// Refuses a connection before its first request is read. If TLS is due and has not started, the
/// client cannot be answered.
void Connection::RefuseEarly(const http::Refusal& refusal, base::Bytes received) {
  context_.refusal_log.CountAndLog(context_.workspace.log, {*generation_, client_}, refusal);
  if (tls_) {
    Abort();
    return;
  }
  Enter(ConnectionEvent::kProtocolStarted);
  timer_.Stop();
  protocol_ = NewProtocol(*this, /*refuses_plain_text=*/false);
  protocol_->RefuseEarly(refusal, received);
}

}  // namespace sluice::intake
