#include "intake/http1.h"

#include <algorithm>
#include <utility>

#include "sluice/base/text.h"
#include "sluice/http/response.h"
#include "sluice/leg/websocket_leg.h"
#include "sluice/websocket/handshake.h"

#include "intake/refusals.h"

namespace sluice::intake {
namespace {

using IoStatus = net::IoResult::Status;

// The bytes to read at most in one call while a head is incomplete. It also bounds the early frames
// after the head, which are kept.
constexpr size_t kHeadRead = 16 * 1024;

// How long a client may read nothing of a response, or not close after it.
constexpr base::Duration kReplyTimeout{5'000};
// How long sending a complete response may take.
constexpr base::Duration kReplyTotal{60'000};

// The connection is closed after so many requests. This frees its memory and lets load balancers
// spread clients.
constexpr size_t kMostRequests = 100;

http::RequestParser NewParser(const settings::Limits& limits) {
  return http::RequestParser({limits.request_line, limits.header, limits.header_count});
}

}  // namespace

Http1::Http1(Connection& connection, bool refuses_plain_text)
    : connection_(connection),
      refuses_plain_text_(refuses_plain_text),
      timer_(connection.context().workspace.loop, *this),
      parser_(NewParser(connection.generation()->config.limits)) {}

void Http1::Start(base::Bytes received) {
  timer_.Start(std::max(connection_.deadline() - net::EventLoop::Now(), base::Duration(1)));
  if (!received.empty()) ParseHead(received);
  if (state_ == Http1State::kReadingHead && connection_.stream().readable()) ReadHead();
}

void Http1::RefuseEarly(const http::Refusal& refusal, base::Bytes received) {
  (void)parser_->Feed(received);  // A response to HEAD has no content.
  Refuse(refusal);
}

void Http1::OnStreamReady() {
  switch (state_) {
    case Http1State::kReadingHead:
      if (connection_.stream().readable()) ReadHead();
      break;
    case Http1State::kProcessing:
      if (request_->state() == RequestState::kSearching) WatchClient();
      break;
    case Http1State::kReplying:
      RestartReplyTimer();  // TLS may have sent some of its unsent bytes.
      ContinueReply();
      break;
    case Http1State::kLingering:
      Linger();
      break;
    case Http1State::kDone:
      break;
  }
}

void Http1::OnTimer() {
  if (state_ == Http1State::kReadingHead && !IsIdle()) {
    RefuseHead({base::Cause::kHandshakeTimeout, "the request head was not complete in time"});
  } else {
    connection_.Abort();
  }
}

void Http1::EndKeepAlive() {
  if (state_ == Http1State::kReadingHead && IsIdle()) connection_.Abort();
}

void Http1::Drain() {
  if (request_) request_->Drain();
  if (state_ == Http1State::kReadingHead) ReadHead();  // A complete head may be in the socket.
  if (state_ != Http1State::kReadingHead) return;
  if (head_begun_) {
    RefuseHead({base::Cause::kDrain, "sluice is about to stop"});
  } else {
    connection_.Abort();
  }
}

void Http1::Stop() {
  state_ = Next(state_, Http1Event::kEnded).value_or(state_);
  timer_.Stop();
  if (request_) request_->Cancel();
}

// ---- The head ----

void Http1::ReadHead() {
  const auto buffer = connection_.context().workspace.buffers.scratch().first(kHeadRead);
  while (state_ == Http1State::kReadingHead) {
    const net::IoResult got = connection_.stream().Read(buffer);
    if (got.status == IoStatus::kWouldBlock) return;
    if (got.status != IoStatus::kOk) {
      // Browsers open connections in advance and drop them unused: no refusal, nothing to log.
      connection_.Abort();
      return;
    }
    ParseHead(buffer.first(got.bytes));
  }
}

void Http1::ParseHead(base::Bytes bytes) {
  const auto is_line_end = [](uint8_t byte) { return byte == '\r' || byte == '\n'; };
  if (!head_begun_ && !std::all_of(bytes.begin(), bytes.end(), is_line_end)) {
    head_begun_ = true;
    // The time that the connection was idle does not count.
    if (requests_ != 0) timer_.Start(connection_.generation()->config.handshake_timeout);
  }
  const auto used = parser_->Feed(bytes);
  if (refuses_plain_text_ && (!used || parser_->has_method())) {
    RefuseHead(PlainTextOnTls());
  } else if (!used) {
    RefuseHead(used.error());
  } else if (parser_->done()) {
    early_.assign(bytes.begin() + static_cast<ptrdiff_t>(*used), bytes.end());
    StartRequest();
  }
}

void Http1::RefuseHead(const http::Refusal& refusal) {
  Context& context = connection_.context();
  context.refusal_log.CountAndLog(context.workspace.log,
                                  {*connection_.generation(), connection_.client()}, refusal);
  Refuse(refusal);
}

void Http1::StartRequest() {
  timer_.Stop();
  state_ = *Next(state_, Http1Event::kHeadComplete);
  const auto& generation = connection_.generation();
  const bool is_first = requests_++ == 0;
  const base::TimePoint deadline =
      is_first ? connection_.deadline()
               : net::EventLoop::Now() + generation->config.handshake_timeout;
  request_ = std::make_unique<Request>(
      connection_.context(), static_cast<Responder&>(*this),
      Request::Origin{.generation = generation,
                      .client = connection_.client(),
                      .head = &parser_->head(),
                      .is_rate_counted = is_first && connection_.is_rate_counted(),
                      .deadline = deadline});
  request_->Start();
}

/// Detects a client that leaves during the search for a server, to release its place. Early frames
/// are for the backend: they, and everything after them, stay unread. A client that has reset the
/// connection has left in any case.
void Http1::WatchClient() {
  net::Stream& stream = connection_.stream();
  if (!early_.empty()) {
    if (stream.IsReset()) request_->OnClientLeft();
    return;
  }
  if (!stream.readable()) return;
  const auto buffer = connection_.context().workspace.buffers.scratch().first(kHeadRead);
  const net::IoResult got = stream.Read(buffer);
  if (got.status == IoStatus::kWouldBlock) return;
  if (got.status == IoStatus::kOk) {
    early_.assign(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(got.bytes));
  } else {
    request_->OnClientLeft();
  }
}

// ---- The answer ----

void Http1::Refuse(const http::Refusal& refusal) {
  keeps_alive_ = MayKeepAlive();
  Reply(http::RefusalResponse(refusal, parser_->AllowedContent(), keeps_alive_));
}

void Http1::Serve(const http::Page& page, std::string_view content) {
  keeps_alive_ = MayKeepAlive();
  const bool has_content = parser_->AllowedContent() == http::Content::kWhole;
  Reply(http::PageHeader(page, keeps_alive_), has_content ? content : std::string_view());
}

void Http1::StartSession(session::Session::Parts parts, Agreement agreement,
                         std::optional<base::Cause> cause) {
  state_ = *Next(state_, Http1Event::kEnded);
  const std::string response = http::SwitchingProtocolsResponse(
      websocket::AcceptFor(*parser_->head().Find("Sec-WebSocket-Key")), agreement.subprotocol,
      agreement.extensions);
  auto leg = std::make_unique<leg::WebSocketLeg>(
      connection_.context().workspace, connection_.ReleaseStream(),
      leg::WebSocketLeg::Setup{.peer = leg::Peer::kClient,
                               .options = parts.route->settings.options,
                               .codec = std::move(agreement.codec),
                               .has_half_close = agreement.has_half_close,
                               .metrics = &parts.route->metrics},
      early_);
  leg::WebSocketLeg& client = *leg;
  parts.legs.client = std::move(leg);
  session::Session& session = connection_.BecomeSession(std::move(parts));
  client.SendHead(response);  // The session is counted before the client knows of it.
  session.Start(cause);
}

void Http1::Drop() {
  connection_.Abort();
}

/// Returns true if another request may follow. Not after a request with content, which sluice does
/// not read, or after an upgrade, because early frames may follow it.
bool Http1::MayKeepAlive() {
  if (state_ != Http1State::kProcessing || !connection_.may_keep_alive()) return false;
  if (requests_ >= kMostRequests) return false;
  const http::RequestHead& head = parser_->head();
  return !head.WantsUpgrade() && head.Count("Transfer-Encoding") == 0 &&
         head.Find("Content-Length").value_or("0") == "0" &&
         !base::ListContains(head.Joined("Connection"), "close");
}

void Http1::Reply(std::string head, std::string_view content) {
  state_ = *Next(state_, Http1Event::kAnswered);
  reply_.Append(base::AsBytes(head));
  content_ = content;
  reply_ends_ = net::EventLoop::Now() + kReplyTotal;
  timer_.Start(kReplyTimeout);
  ContinueReply();
}

void Http1::ContinueReply() {
  while (!reply_.empty() || !content_.empty()) {
    if (!WriteSome()) return;
  }
  if (connection_.stream().HasUnsent()) return;
  // A reload or a drain may have begun since the response was created.
  if (keeps_alive_ && connection_.may_keep_alive()) {
    StartNextRequest();
    return;
  }
  connection_.stream().ShutdownWrite();
  state_ = *Next(state_, Http1Event::kReplySent);
  timer_.Start(kReplyTimeout);
  Linger();
}

/// Writes a part of the response. Returns false if the stream accepts no more for now, or if the
/// connection has ended.
bool Http1::WriteSome() {
  net::Stream& stream = connection_.stream();
  if (!stream.writable()) return false;
  const bool is_head = !reply_.empty();
  const net::IoResult sent =
      is_head ? reply_.WriteTo(stream) : stream.Write(base::AsBytes(content_));
  if (sent.status == IoStatus::kError) {
    connection_.Abort();
    return false;
  }
  if (!is_head) content_.remove_prefix(sent.bytes);
  if (sent.bytes != 0) RestartReplyTimer();
  return sent.status == IoStatus::kOk;
}

void Http1::RestartReplyTimer() {
  const auto left = std::max(reply_ends_ - net::EventLoop::Now(), base::Duration(1));
  timer_.Start(std::min(left, kReplyTimeout));
}

/// Reads the next request, which the client may already have sent.
void Http1::StartNextRequest() {
  state_ = *Next(state_, Http1Event::kKeptAlive);
  connection_.context().workspace.loop.DestroyLater(std::move(request_));
  parser_ = NewParser(connection_.generation()->config.limits);
  head_begun_ = false;
  timer_.Start(connection_.generation()->config.handshake_timeout);
  const std::vector<uint8_t> received = std::exchange(early_, {});
  if (!received.empty()) ParseHead(received);
  if (state_ == Http1State::kReadingHead && connection_.stream().readable()) ReadHead();
}

void Http1::Linger() {
  net::Stream& stream = connection_.stream();
  size_t budget = workspace::kQueueMark;
  while (!has_client_ended_ && stream.readable() && budget != 0) {
    const net::IoResult got =
        stream.Read(connection_.context().workspace.buffers.scratch().first(budget));
    if (got.status == IoStatus::kWouldBlock) return;
    has_client_ended_ = got.status != IoStatus::kOk;
    budget -= got.bytes;
  }
  // A client that still sends that much does not read the response.
  if (budget == 0 || (has_client_ended_ && !stream.HasUnsent())) connection_.Abort();
}

}  // namespace sluice::intake
