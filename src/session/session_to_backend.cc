// The direction to_backend: frames come in, payload goes out. Payload is unmasked where it was
// received and moved together, so that what one recv brought, in however many frames, leaves in one
// send.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "sluice/leg/message_codec.h"
#include "sluice/session/session.h"
#include "sluice/websocket/close_code.h"

#include "session/bandwidth.h"
#include "session/session_limits.h"

namespace sluice::session {

using websocket::FrameEvent;

namespace {

/// Whether the reader has nothing to tell behind such an event.
bool IsLast(FrameEvent::Kind kind) {
  return kind == FrameEvent::Kind::kNeedMore || kind == FrameEvent::Kind::kClose ||
         kind == FrameEvent::Kind::kViolation;
}

}  // namespace

void Session::RelayToBackend() {
  size_t budget = kTurnBudget;
  if (codec_ && codec_->to_bytes.is_holding() && to_backend_.pauses == 0 &&
      to_backend_.input == Input::kRelayed) {
    budget -= std::min(budget, TakeHeldMessages(budget));
  }
  while (MayRead(to_backend_, client_)) {
    if (budget == 0) {
      PauseSource(to_backend_, kTurnUsedUp);
      return;
    }
    if (!MayReadNow(to_backend_)) return;
    // Payload is never longer than the frames it came in, so what is read fits into the queue.
    const auto buffer =
        workspace_.buffers.scratch().first(RoomToRead(to_backend_, backend_queue_.size(), budget));
    const net::IoResult got = client_->Read(buffer);
    if (got.status == net::IoResult::Status::kWouldBlock) return;
    if (got.status != net::IoResult::Status::kOk) {
      OnClientEnd(got.status == net::IoResult::Status::kEnd);
      return;
    }
    last_received_ = net::EventLoop::Now();
    if (bandwidth_) bandwidth_->to_backend.Take(got.bytes);
    size_t cost = got.bytes;
    if (to_backend_.input != Input::kDiscarded) {
      cost += TakeFromClient(buffer.first(got.bytes), budget);
    }
    budget -= std::min(budget, cost);
  }
}

size_t Session::TakeFromClient(base::MutableBytes in, size_t budget) {
  if (codec_) return TakeMessages(in, 0, budget);
  return peers_.is_raw ? TakeBytes(in) : TakeFrames(in);
}

size_t Session::TakeBytes(base::MutableBytes in) {
  SendToBackend(in);
  return 0;
}

size_t Session::TakeFrames(base::MutableBytes in) {
  size_t frames = 0;
  bool has_ended = false;
  uint8_t* const payload = in.data();
  uint8_t* end = payload;
  FrameEvent event;
  do {
    event = reader_.Next(in, end);
    ++frames;
    switch (event.kind) {
      case FrameEvent::Kind::kPayload:
        end += event.payload.size();
        if (event.begins_message) MetricsOf(to_backend_).messages.Add();
        break;
      case FrameEvent::Kind::kPing:
        OnPing(event.payload);
        break;
      case FrameEvent::Kind::kPong:
        OnPong(event.payload);
        break;
      case FrameEvent::Kind::kEnd:
        has_ended = true;
        break;
      default:
        break;
    }
  } while (!IsLast(event.kind));

  if (end != payload) SendToBackend({payload, end});
  if (has_ended) OnHalfClose();
  if (event.kind == FrameEvent::Kind::kClose) OnClose(event.payload);
  if (event.kind == FrameEvent::Kind::kViolation) {
    OnBreach({CauseOf(event.violation), ToString(event.violation)});
  }
  return frames * kFrameCost;
}

void Session::SendToBackend(base::Bytes payload) {
  is_bulk_ = false;  // Where both sides talk, splicing does not pay (docs/performance.md).
  if (to_backend_.write_failed) return;  // No backend is left to take the payload.
  const size_t size = payload.size();
  if (backend_queue_.empty() && backend_->writable()) {
    const net::IoResult sent = backend_->Write(payload);
    if (sent.status == net::IoResult::Status::kError) {
      OnBackendWriteError(sent.error);
      return;
    }
    payload = payload.subspan(sent.bytes);
  }
  CountRelayed(to_backend_, size);
  if (payload.empty()) return;
  backend_queue_.Append(payload);
  NoteQueued(to_backend_);
  PauseSource(to_backend_, kFarLegFull);
}

void Session::FlushToBackend() {
  if (backend_queue_.empty() || !backend_->writable()) return;
  const net::IoResult sent = backend_queue_.WriteTo(*backend_);
  if (sent.status == net::IoResult::Status::kError) {
    OnBackendWriteError(sent.error);
    return;
  }
  NoteQueued(to_backend_);
  if (backend_queue_.size() < workspace::kQueueMark / 2) ResumeSource(to_backend_, kFarLegFull);
}

void Session::OnBackendWriteError(int error) {
  // A WebSocket takes only bytes that are in the framing (WebSocketStream::Write).
  if (error == EBADMSG) {
    if (state_ == SessionState::kOpen) SetDetail(backend_->failure());
    AmendCause(base::Cause::kProtocolError);
    BeginClose(base::Cause::kProtocolError);
  }
  EndIfBackendLeft();
  // Whether that was a reset or the backend had ended in good order before, what it sent first must
  // still be read; the end of that is told there (OnBackendEnd).
  DropToBackend();
  if (to_client_.input != Input::kEnded) return;
  // After a half-close nothing is left to be read.
  AmendCause(base::Cause::kBackendReset);
  BeginClose(base::Cause::kBackendReset);
}

/// The backend takes nothing more.
void Session::DropToBackend() {
  to_backend_.write_failed = true;
  backend_queue_.Clear();
  NoteQueued(to_backend_);
  ResumeSource(to_backend_, kFarLegFull);
}

void Session::OnPing(base::Bytes payload) {
  if (!client_output_.HasRoomForPong()) FlushToClient();
  client_output_.RequestPong(payload);
}

void Session::OnPong(base::Bytes payload) {
  uint32_t number = 0;
  if (payload.size() != sizeof(number)) return;  // Unsolicited, as section 5.5.3 allows.
  std::memcpy(&number, payload.data(), sizeof(number));
  if (!keep_alive_.OnPong(number)) return;
  const auto rtt = std::chrono::steady_clock::now() - pinged_at_;
  route_metrics().ping_rtt.Observe(std::chrono::duration<double>(rtt).count());
}

/// The client's last message has come, but it still listens.
void Session::OnHalfClose() {
  if (to_backend_.input == Input::kRelayed) to_backend_.input = Input::kHalfClosed;
  if (to_client_.input == Input::kEnded) BeginClose(base::Cause::kBackendClosed);
}

void Session::OnClose(base::Bytes payload) {
  std::optional<uint16_t> code;
  if (payload.size() >= 2) code = static_cast<uint16_t>(payload[0] << 8 | payload[1]);
  const bool is_application = code && websocket::IsApplicationCloseCode(*code);
  if (is_application && state_ == SessionState::kOpen && backend_) {
    backend_->SetApplicationClose({*code, std::string(base::AsText(payload.subspan(2)))});
  }
  if (!AwaitAnswers({.close_code = code})) TakeClose(code);
}

void Session::TakeClose(std::optional<uint16_t> code) {
  if (state_ == SessionState::kOpen || state_ == SessionState::kAnswering) {
    const bool backend_was_first =
        state_ == SessionState::kOpen && to_client_.input == Input::kEnded;
    cause_ = backend_was_first ? base::Cause::kBackendClosed : base::Cause::kClientClosed;
    close_code_ = code.value_or(0);
    client_output_.RequestClose(code, {});
  }
  Enter(SessionEvent::kCloseReceived);
}

void Session::OnBreach(const leg::MessageFault& fault) {
  if (!AwaitAnswers({.fault = fault})) TakeBreach(fault);
}

void Session::TakeBreach(const leg::MessageFault& fault) {
  if (state_ == SessionState::kOpen || state_ == SessionState::kAnswering) StartClose(fault.cause);
  SetDetail(fault.detail);
  client_ends_at_ = net::EventLoop::Now() + std::min(options().close_timeout, kBrokenClientTimeout);
  Enter(SessionEvent::kFramingBroken);
}

void Session::OnClientEnd(bool in_good_order) {
  to_backend_.input = Input::kEnded;
  // An error of a write uses up the socket's error, so that the end then looks like one in good
  // order.
  const bool was_lost = state_ == SessionState::kOpen && to_client_.write_failed;
  if (peers_.is_raw && in_good_order && !was_lost) {
    OnClientFin();
    return;
  }
  // Behind its Close a client may end its direction and still read to the end of ours.
  const bool said_its_last =
      state_ == SessionState::kFinishing || state_ == SessionState::kAnswering;
  if (in_good_order && said_its_last) return;
  to_client_.write_failed = true;  // No Close was said, so nobody listens any more.
  client_output_.Clear();
  NoteQueued(to_client_);
  if (!cause_) cause_ = base::Cause::kClientLost;
  Enter(SessionEvent::kClientGone);
}

// Of plain TCP. It says no more, but may have much to hear.
void Session::OnClientFin() {
  if (!cause_) cause_ = base::Cause::kClientClosed;
  if (state_ != SessionState::kOpen) Enter(SessionEvent::kClientGone);
}

}  // namespace sluice::session
