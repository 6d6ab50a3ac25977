// What a request has to do with TLS. While its connection's handshake is under way, the stream does
// it; here its end is counted and, if it failed, told.
#include <string>
#include <utility>

#include "sluice/relay/client_request.h"

namespace sluice::relay {

using Handshake = net::TlsState::Handshake;
using metrics::TlsResult;

/// `received` is what has been read already of what belongs to TLS, or to the head if there is no
/// TLS.
void ClientRequest::StartTls(base::Bytes received) {
  state_ = State::kReadingHead;
  if (tls_) {
    auto stream = std::make_unique<net::TlsStream>(std::move(client_), std::exchange(tls_, nullptr),
                                                   context_.tls_buffers, received);
    if (is_raw()) handshake_ = stream.get();
    client_ = std::move(stream);
    client_->SetHandler(this);
  }
  if (is_raw()) {
    if (client_->tls() == nullptr) early_.assign(received.begin(), received.end());
    ContinueTls();
    return;
  }
  if (client_->tls() == nullptr && !received.empty()) TakeHeadBytes(received);
  if (state_ == State::kReadingHead && client_->readable()) ReadHead();
}

/// Of a client of plain TCP, which need not say anything behind its handshake.
void ClientRequest::ContinueTls() {
  if (handshake_ != nullptr) {
    handshake_->ContinueHandshake();
    NoteTls();
    if (!tls_noted_) return;
    if (handshake_->tls()->handshake != Handshake::kDone) {
      Finish();
      return;
    }
    handshake_ = nullptr;
  }
  TakeConnection();
}

bool ClientRequest::IsTlsUnderWay() const {
  const net::TlsState* const tls = client_ ? client_->tls() : nullptr;
  return tls != nullptr && !tls_noted_ && tls->handshake == Handshake::kUnderWay;
}

void ClientRequest::NoteTls() {
  const net::TlsState* const tls = client_->tls();
  if (tls == nullptr || tls_noted_ || tls->handshake == Handshake::kUnderWay) return;
  if (tls->handshake == Handshake::kDone) {
    OnTlsEnd(tls->is_resumed ? TlsResult::kResumed : TlsResult::kOk, {});
  } else if (tls->handshake == Handshake::kFailed) {
    OnTlsEnd(TlsResult::kFailed, tls->failure);
  } else {
    OnPlain();
  }
}

void ClientRequest::OnPlain() {
  if (IsPlainOnTls()) {
    OnTlsEnd(TlsResult::kNotTls, {});
    // Of an HTTP request the method is read first: the answer to HEAD has no content.
    if (is_raw()) RefusePlain();
    return;
  }
  OnTlsEnd(TlsResult::kPlain, {});
  // From here on the connection costs what it would on a port without TLS.
  if (auto plain = client_->TakePlain()) {
    client_ = std::move(plain);
    client_->SetHandler(this);
  }
}

/// Returns true for a connection without TLS on a listener that requires it.
bool ClientRequest::IsPlainOnTls() const {
  const auto& tls = listener().tls;
  if (!tls || tls->mode != config::TlsMode::kRequired) return false;
  const net::TlsState* const state = client_->tls();
  return state == nullptr || state->handshake == Handshake::kNotTls;
}

void ClientRequest::RefusePlain() {
  Refuse({base::Cause::kBadRequest, "this port speaks TLS: use wss:// or https://"});
}

/// A failure without `detail` is not told here.
void ClientRequest::OnTlsEnd(TlsResult result, std::string_view detail) {
  tls_noted_ = true;
  listener_metrics().tls_handshakes[static_cast<size_t>(result)].Add();
  if (detail.empty()) return;
  const auto omitted = generation_->tls_log_limits[listener_].Admit(net::EventLoop::Now());
  if (!omitted) return;
  context_.log.Write(base::LogLevel::kInfo, "tls_handshake_failed",
                     {{"connection", id_.ToString()},
                      {"listener", generation_->config.listeners[listener_].address.ToString()},
                      {"client", address_.ToString()},
                      {"reason", ToString(result)},
                      {"detail", detail},
                      {"omitted", *omitted}});
}

}  // namespace sluice::relay
