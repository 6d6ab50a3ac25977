#include "backend_dial.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/http/upgrade_request.h"
#include "sluice/websocket/client_handshake.h"
#include "sluice/websocket/half_close.h"

#include "message_relay.h"
#include "websocket_stream.h"

namespace sluice::relay {
namespace {

using IoStatus = net::IoResult::Status;

// What is read at once of an answer. Frames behind it are kept, so this also bounds them.
constexpr size_t kReadSize = 16 * 1024;

std::vector<http::Header> HeadersOf(const config::WebSocketClient& websocket) {
  std::vector<http::Header> headers;
  for (const auto& [name, value] : websocket.headers) headers.push_back({name, value});
  return headers;
}

}  // namespace

BackendDial::BackendDial(WorkerContext& context, const Generation& generation,
                         const config::Endpoint& server, net::DialOptions dial,
                         const config::WebSocketClient& websocket,
                         const config::SessionOptions& session, Callback callback)
    : context_(context),
      server_(server),
      websocket_(websocket),
      session_(session),
      deadline_(net::EventLoop::Now() + dial.timeout),
      has_deadline_(dial.timeout.count() > 0),
      callback_(std::move(callback)),
      answer_({generation.config.limits.header, generation.config.limits.header_count}),
      timer_(context.loop, *this),
      dial_(context.loop, *generation.resolver, server_, std::move(dial),
            [this](Outcome outcome) { OnDialled(std::move(outcome)); }) {}

void BackendDial::OnDialled(Outcome outcome) {
  if (!outcome || !server_.is_websocket()) {
    const auto callback = std::move(callback_);
    callback(std::move(outcome));
    return;
  }
  stream_ = *std::move(outcome);
  stream_->SetHandler(this);
  if (has_deadline_) {
    timer_.Start(std::max(deadline_ - net::EventLoop::Now(), base::Duration(1)));
  }
  key_ = websocket::KeyOf(context_.websocket_buffers->random().Take<16>());
  const std::string host = server_.Authority();
  const std::vector<http::Header> headers = HeadersOf(websocket_);
  request_.Append(base::AsBytes(http::WriteUpgradeRequest({.host = host,
                                                           .target = server_.target,
                                                           .key = key_,
                                                           .subprotocol = websocket_.subprotocol,
                                                           .extensions = websocket::kHalfClose,
                                                           .origin = websocket_.origin,
                                                           .headers = &headers})));
  OnStreamReady();
}

void BackendDial::OnStreamReady() {
  if (!request_.empty() && stream_->writable()) SendRequest();
  // May have failed, and destroyed this, but for a write error, which the read then tells.
  if (stream_->readable()) ReadAnswer();
}

/// An error is told by the read behind it.
void BackendDial::SendRequest() {
  if (request_.WriteTo(*stream_).status == IoStatus::kError) request_.Clear();
}

void BackendDial::ReadAnswer() {
  const auto buffer = context_.scratch.first(kReadSize);
  while (stream_->readable()) {
    const net::IoResult got = stream_->Read(buffer);
    if (got.status == IoStatus::kWouldBlock) return;
    if (got.status != IoStatus::kOk) {
      const std::string_view failure = stream_->failure();
      const std::string error = got.error != 0 ? std::strerror(got.error) : "";
      Fail("the server ended the connection instead of answering the upgrade" +
           (failure.empty() ? error.empty() ? "" : ": " + error : ": " + std::string(failure)));
      return;
    }
    const auto used = answer_.Feed(buffer.first(got.bytes));
    if (!used) {
      Fail(used.error());
      return;
    }
    if (answer_.done()) {
      TakeAnswer(buffer.first(got.bytes).subspan(*used));
      return;
    }
  }
}

void BackendDial::TakeAnswer(base::Bytes early) {
  const http::ResponseHead& head = answer_.head();
  const std::string upgrade = head.Joined("Upgrade");
  const std::string connection = head.Joined("Connection");
  const std::string accept = head.Joined("Sec-WebSocket-Accept");
  const std::string protocol = head.Joined("Sec-WebSocket-Protocol");
  const std::string extensions = head.Joined("Sec-WebSocket-Extensions");
  const std::string location = head.Joined("Location");
  const auto checked = websocket::CheckAnswer({.status = head.status,
                                               .upgrade = upgrade,
                                               .connection = connection,
                                               .accept = accept,
                                               .protocol = protocol,
                                               .extensions = extensions,
                                               .location = location},
                                              key_, websocket_.subprotocol);
  if (!checked) {
    Fail(checked.error());
    return;
  }
  timer_.Stop();
  stream_->SetHandler(nullptr);
  auto stream = std::make_unique<WebSocketStream>(
      context_.loop, std::move(stream_), *context_.websocket_buffers, session_,
      MessageRelay::New(context_.zlib, session_, std::nullopt),
      std::vector<uint8_t>(early.begin(), early.end()), checked->has_half_close);
  const auto callback = std::move(callback_);
  callback(std::unique_ptr<net::Stream>(std::move(stream)));
}

void BackendDial::OnTimer() {
  Fail("the server did not answer the upgrade in time");
}

void BackendDial::Fail(std::string why) {
  timer_.Stop();
  stream_.reset();
  const auto callback = std::move(callback_);
  callback(base::Unexpected(
      net::DialFailure{base::Cause::kBackendUpgrade, server_.ToString() + ": " + std::move(why)}));
}

}  // namespace sluice::relay
