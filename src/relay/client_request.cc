#include "sluice/relay/client_request.h"

#include <algorithm>
#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/http/response.h"
#include "sluice/relay/session.h"
#include "sluice/relay/upgrade_check.h"
#include "sluice/websocket/extensions.h"
#include "sluice/websocket/half_close.h"
#include "sluice/websocket/handshake.h"

#include "backend_dial.h"
#include "message_relay.h"

namespace sluice::relay {
namespace {

// How long a client may take to read a response and to go away.
constexpr base::Duration kReplyTimeout{5'000};

// The console is one file with its script and style inside, and talks to WebSockets anywhere.
constexpr std::string_view kConsolePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The answer to the client's offers, which CheckUpgrade has found well-formed.
std::optional<websocket::DeflateAnswer> AnswerDeflate(std::string_view header,
                                                      const config::Compression& compression) {
  if (!compression.enabled || header.empty()) return std::nullopt;
  const auto offers = websocket::ParseExtensions(header);
  if (!offers) return std::nullopt;
  return websocket::NegotiateDeflate(
      *offers, {.server_context_takeover = compression.server_context_takeover,
                .client_context_takeover = compression.client_context_takeover,
                .server_window_bits = compression.server_window_bits,
                .client_window_bits = compression.client_window_bits});
}

/// The type of messages that a subprotocol of IRCv3 asks for
/// (ircv3.net/specs/extensions/websocket).
std::optional<config::MessageType> TypeBySubprotocol(std::string_view subprotocol) {
  if (subprotocol == "text.ircv3.net") return config::MessageType::kText;
  if (subprotocol == "binary.ircv3.net") return config::MessageType::kBinary;
  return std::nullopt;
}

http::HeadLimits LimitsOf(const config::Config& config) {
  return {config.limits.request_line, config.limits.header, config.limits.header_count};
}

}  // namespace

ClientRequest::ClientRequest(WorkerContext& context, std::unique_ptr<net::Stream> client,
                             const net::Address& address, size_t listener,
                             std::shared_ptr<const net::TlsContext> tls)
    : context_(context),
      generation_(context.generation),
      address_(address),
      listener_(listener),
      id_(context.ids.Next()),
      accepted_(net::EventLoop::Now()),
      client_(std::move(client)),
      tls_(std::move(tls)),
      timer_(context.loop, *this),
      parser_(LimitsOf(generation_->config)) {}

ClientRequest::~ClientRequest() = default;

void ClientRequest::Start() {
  timer_.Start(generation_->config.handshake_timeout);
  client_->SetHandler(this);
  const auto& protocol = listener().proxy_protocol;
  const bool may_send_header = protocol && protocol->from.Contain(address_.ip());
  if (!may_send_header && !MaySpeakForOthers() && IsTooFast()) return;
  if (protocol) {
    StartProxyHeader();
  } else {
    StartTls({});
  }
}

metrics::ListenerMetrics& ClientRequest::listener_metrics() {
  return generation_->metrics.listeners[listener_];
}

void ClientRequest::OnStreamReady() {
  switch (state_) {
    case State::kReadingProxy:
      ReadProxyHeader();
      break;
    case State::kReadingHead:
      if (is_raw()) {
        ContinueTls();
      } else if (client_->readable()) {
        ReadHead();
      }
      break;
    case State::kDialing:
      ReadWhileDialing();
      break;
    case State::kReplying:
      ContinueReply();
      break;
    case State::kAuthenticating:  // What else the client sends stays in the kernel.
    case State::kDone:
      break;
  }
}

void ClientRequest::OnTimer() {
  if (IsTlsUnderWay()) {
    OnTlsEnd(metrics::TlsResult::kTimeout, "the handshake was not over in time");
    Finish();  // There is no way yet to tell the client.
  } else if (state_ == State::kReadingProxy) {
    RefuseUnheard({base::Cause::kHandshakeTimeout, "the PROXY header was not complete in time"});
  } else if (state_ == State::kReadingHead) {
    Refuse({base::Cause::kHandshakeTimeout, "the request head was not complete in time"});
  } else if (state_ == State::kAuthenticating) {
    OnAuthTimeout();
  } else if (state_ == State::kDialing) {
    OnDialTimer();
  } else {
    Finish();
  }
}

void ClientRequest::Drain() {
  if (state_ == State::kReadingProxy) ReadProxyHeader();
  if (state_ == State::kReadingProxy) Finish();
  if (state_ == State::kDialing && !dial_) StopWaiting();
  if (state_ != State::kReadingHead) return;
  if (is_raw()) {
    Finish();
    return;
  }
  ReadHead();  // What has come and was not told yet counts, too.
  if (state_ != State::kReadingHead) return;
  if (head_begun_) {
    Refuse({base::Cause::kDrain, "sluice is about to stop"});
  } else {
    Finish();
  }
}

void ClientRequest::Cut() {
  Finish();
}

// ---- The head ----

void ClientRequest::ReadHead() {
  const auto buffer = context_.scratch.first(kReadSize);
  while (state_ == State::kReadingHead) {
    const net::IoResult got = client_->Read(buffer);
    NoteTls();
    if (state_ != State::kReadingHead || got.status == net::IoResult::Status::kWouldBlock) return;
    if (got.status != net::IoResult::Status::kOk) {
      // Browsers open connections in advance and drop them unused: no refusal, nothing to log.
      Finish();
      return;
    }
    TakeHeadBytes(buffer.first(got.bytes));
  }
}

void ClientRequest::TakeHeadBytes(base::Bytes bytes) {
  head_begun_ = true;
  const auto used = parser_.Feed(bytes);
  if (IsPlainOnTls() && (!used || parser_.has_method())) {
    RefusePlain();
    return;
  }
  if (!used) {
    Refuse(used.error());
    return;
  }
  if (!parser_.done()) return;
  early_.assign(bytes.begin() + static_cast<ptrdiff_t>(*used), bytes.end());
  TakeHead();
}

void ClientRequest::TakeHead() {
  if (const auto refusal = TakeForwarded()) {
    Refuse(*refusal);
    return;
  }
  if (IsTooFast() || RefuseHost()) return;
  ChooseRoute();
}

/// Refuses a request for a name that the listener does not serve (DNS rebinding,
/// http/host_names.h).
bool ClientRequest::RefuseHost() {
  const auto& names = generation_->listener_hosts[listener_];
  if (!names) return false;
  const std::string host = http::NormalizeHost(parser_.head().host);
  if (names->Contain(host)) return false;
  const auto& tls = generation_->listener_tls[listener_];
  if (tls && tls->Get()->Covers(host)) return false;
  // The line has the host, unless it may be a token.
  Refuse({base::Cause::kHostNotAllowed,
          "this listener does not serve the host that the request names; see 'hosts'"},
         {.detail = "this listener does not serve the host name; if it is yours, add it to 'hosts' "
                    "(or --host)"});
  return true;
}

std::optional<http::Refusal> ClientRequest::CheckWebSocket() {
  return CheckUpgradeRequest(parser_.head(), route().options, uses_tls_);
}

void ClientRequest::ServePage() {
  if (const auto refusal = CheckPageRequest(parser_.head())) {
    Refuse(*refusal);
    return;
  }
  listener_metrics().pages_served.Add();
  std::string response =
      http::PageHeader({"text/html; charset=utf-8", context_.console_page.size(), kConsolePolicy});
  if (parser_.AllowedContent() == http::Content::kWhole) response.append(context_.console_page);
  Reply(std::move(response));
}

// ---- The session ----

void ClientRequest::BecomeSession(std::unique_ptr<net::Stream> backend,
                                  std::optional<base::Cause> cause) {
  if (is_raw()) {
    StartSession({}, nullptr, std::move(backend), cause, /*has_half_close=*/false);
    return;
  }
  const http::RequestHead& head = parser_.head();
  const config::SessionOptions& options = route().options;
  std::string offers = head.Joined("Sec-WebSocket-Protocol");
  if (auth::TakesTokenFrom(route(), config::TokenSource::Kind::kSubprotocol)) {
    offers = auth::WithoutBearer(offers);
  }
  const std::string subprotocol = websocket::ChooseSubprotocol(
      offers, options.subprotocols && offers != "bearer" ? &*options.subprotocols : nullptr);
  const std::string offered = head.Joined("Sec-WebSocket-Extensions");
  const auto extensions = websocket::ParseExtensions(offered);
  const bool has_half_close = extensions && websocket::HasHalfClose(*extensions);
  const auto deflate = AnswerDeflate(offered, options.compression);
  std::string agreed = deflate ? deflate->header : "";
  if (has_half_close) agreed.append(agreed.empty() ? "" : ", ").append(websocket::kHalfClose);
  const std::string response = http::SwitchingProtocolsResponse(
      websocket::AcceptFor(*head.Find("Sec-WebSocket-Key")), subprotocol, agreed);
  const auto agreement = deflate ? std::optional(deflate->agreement) : std::nullopt;
  StartSession(response,
               MessageRelay::New(context_.zlib, options, agreement, TypeBySubprotocol(subprotocol)),
               std::move(backend), cause, has_half_close);
}

/// `head` is the 101, `messages` is null where they mean nothing.
void ClientRequest::StartSession(std::string_view head, std::unique_ptr<MessageRelay> messages,
                                 std::unique_ptr<net::Stream> backend,
                                 std::optional<base::Cause> cause, bool has_half_close) {
  Session::Peers peers;
  peers.client = address_;
  peers.listener = static_cast<uint32_t>(listener_);
  peers.route = static_cast<uint32_t>(*route_);
  peers.server = server_;
  peers.id = id_;
  peers.identity = identity_;
  peers.is_raw = is_raw();
  peers.has_half_close = has_half_close;
  if (!cause) cause = context_.WhyOver(*generation_, *route_);

  LogOpened();
  client_->SetHandler(nullptr);
  Session& session = context_.sessions.Add(std::make_unique<Session>(
      context_, generation_, peers, std::move(client_), std::move(backend), std::move(messages),
      std::move(slot_), std::move(server_slot_)));
  session.Start(head, early_, cause);
  state_ = State::kDone;
  context_.Release(*this);
}

// ---- The reply ----

void ClientRequest::Refuse(const http::Refusal& refusal, const RefusalNote& note) {
  CountRefusal(refusal, note);
  if (is_raw()) {
    Finish();
  } else {
    Reply(http::RefusalResponse(refusal, parser_.AllowedContent()));
  }
}

void ClientRequest::Reply(std::string response) {
  state_ = State::kReplying;
  slot_ = Admission::Slot();  // There will be no session.
  server_slot_ = routing::ServerSlot();
  place_wait_.reset();
  timer_.Start(kReplyTimeout);
  reply_.Append(base::AsBytes(response));
  ContinueReply();
}

void ClientRequest::ContinueReply() {
  if (!reply_sent_) {
    if (!reply_.empty() && !client_->writable()) return;
    const net::IoResult sent = reply_.WriteTo(*client_);
    if (sent.status == net::IoResult::Status::kWouldBlock) return;
    if (sent.status == net::IoResult::Status::kError) {
      Finish();
      return;
    }
    client_->ShutdownWrite();
    reply_sent_ = true;
  }
  // A request's body, or frames sent too early, may still come. Were the connection closed with
  // bytes unread, the kernel would reset it, and the reset could overtake the response.
  size_t budget = kQueueMark;
  while (!client_ended_ && client_->readable() && budget != 0) {
    const net::IoResult got = client_->Read(context_.scratch.first(budget));
    if (got.status == net::IoResult::Status::kWouldBlock) return;
    client_ended_ = got.status != net::IoResult::Status::kOk;
    budget -= got.bytes;
  }
  // Whoever still sends that much does not listen.
  if (budget == 0 || (client_ended_ && !client_->HasUnsent())) Finish();
}

void ClientRequest::Finish() {
  if (state_ == State::kDone) return;
  if (IsTlsUnderWay()) OnTlsEnd(metrics::TlsResult::kAborted, {});
  state_ = State::kDone;
  timer_.Stop();
  authentication_.reset();
  dial_.reset();
  place_wait_.reset();
  client_.reset();
  listener_metrics().connections_active.Subtract();
  context_.Release(*this);
}

}  // namespace sluice::relay
