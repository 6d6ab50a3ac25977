#include "backend/server_dial.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/http/upgrade_request.h"
#include "sluice/leg/message_codec.h"
#include "sluice/leg/raw_leg.h"
#include "sluice/leg/websocket_leg.h"
#include "sluice/websocket/client_handshake.h"
#include "sluice/websocket/half_close.h"

namespace sluice::backend {
namespace {

using IoStatus = net::IoResult::Status;

// The bytes to read at most in one call while an answer is incomplete. It also bounds the frames
// after the answer, which are kept.
constexpr size_t kReadSize = 16 * 1024;

std::vector<http::Header> HeadersOf(const settings::WebSocketClient& websocket) {
  std::vector<http::Header> headers;
  for (const auto& [name, value] : websocket.headers) headers.push_back({name, value});
  return headers;
}

}  // namespace

ServerDial::ServerDial(workspace::Workspace& workspace, dns::Resolver& resolver,
                       const settings::Endpoint& server, dial::Options dial, const Upgrade& upgrade,
                       Callback callback)
    : workspace_(workspace),
      server_(server),
      upgrade_(upgrade),
      deadline_(net::EventLoop::Now() + dial.timeout),
      has_deadline_(dial.timeout.count() > 0),
      callback_(std::move(callback)),
      answer_({upgrade.limits.header, upgrade.limits.header_count}),
      timer_(workspace.loop, *this),
      dial_(workspace.loop, resolver, server_, std::move(dial),
            [this](dial::Dial::Outcome outcome) { OnDialled(std::move(outcome)); }) {}

void ServerDial::OnDialled(dial::Dial::Outcome outcome) {
  if (!outcome) {
    Finish(base::Unexpected(std::move(outcome).error()));
    return;
  }
  if (!server_.is_websocket()) {
    std::unique_ptr<leg::Leg> leg = std::make_unique<leg::RawLeg>(
        workspace_, *std::move(outcome), upgrade_.session.keepalive.backend_timeout);
    Finish(std::move(leg));
    return;
  }
  stream_ = *std::move(outcome);
  stream_->SetHandler(this);
  if (has_deadline_) {
    timer_.Start(std::max(deadline_ - net::EventLoop::Now(), base::Duration(1)));
  }
  key_ = websocket::KeyOf(workspace_.random_bytes.Take<16>());
  const std::string host = server_.Authority();
  const std::vector<http::Header> headers = HeadersOf(upgrade_.websocket);
  request_.Append(
      base::AsBytes(http::WriteUpgradeRequest({.host = host,
                                               .target = server_.target,
                                               .key = key_,
                                               .subprotocol = upgrade_.websocket.subprotocol,
                                               .extensions = websocket::kHalfClose,
                                               .origin = upgrade_.websocket.origin,
                                               .headers = &headers})));
  OnStreamReady();
}

void ServerDial::OnStreamReady() {
  if (!request_.empty() && stream_->writable()) SendRequest();
  // ReadAnswer may destroy this object. It also reports an error of the write before it.
  if (stream_->readable()) ReadAnswer();
}

/// Sends the request. An error is reported by the read that follows.
void ServerDial::SendRequest() {
  if (request_.WriteTo(*stream_).status == IoStatus::kError) request_.Clear();
}

void ServerDial::ReadAnswer() {
  const auto buffer = workspace_.buffers.scratch().first(kReadSize);
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
      CheckAnswer(buffer.first(got.bytes).subspan(*used));
      return;
    }
  }
}

void ServerDial::CheckAnswer(base::Bytes early) {
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
                                              key_, upgrade_.websocket.subprotocol);
  if (!checked) {
    Fail(checked.error());
    return;
  }
  timer_.Stop();
  stream_->SetHandler(nullptr);
  std::unique_ptr<leg::Leg> leg = std::make_unique<leg::WebSocketLeg>(
      workspace_, std::move(stream_),
      leg::WebSocketLeg::Setup{
          .peer = leg::Peer::kServer,
          .options = upgrade_.session,
          .codec = leg::MessageCodec::New(workspace_.zlib, upgrade_.session, std::nullopt),
          .has_half_close = checked->has_half_close},
      early);
  Finish(std::move(leg));
}

/// Calls the callback, which may destroy this object.
void ServerDial::Finish(Outcome outcome) {
  const auto callback = std::move(callback_);
  callback(std::move(outcome));
}

void ServerDial::OnTimer() {
  Fail("the server did not answer the upgrade in time");
}

void ServerDial::Fail(std::string why) {
  timer_.Stop();
  stream_.reset();
  Finish(base::Unexpected(
      dial::Failure{base::Cause::kBackendUpgrade, server_.ToString() + ": " + std::move(why)}));
}

}  // namespace sluice::backend
