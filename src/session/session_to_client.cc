// The direction to_client: bytes come in, one binary message for each read goes out. The header is
// written into the room before the payload, so no byte of payload is touched; and when much comes,
// it is spliced through a pipe, so none is even copied.
#include <algorithm>
#include <array>
#include <utility>

#include "sluice/leg/message_codec.h"
#include "sluice/session/session.h"

#include "session/bandwidth.h"
#include "session/session_limits.h"

namespace sluice::session {

void Session::RelayToClient() {
  size_t budget = kTurnBudget;
  // Behind our Close no message may follow, so what the backend says now waits, and is discarded
  // when the closing handshake is over.
  while (state_ != SessionState::kCloseSent && MayRead(to_client_, backend_)) {
    if (budget == 0) {
      PauseSource(to_client_, kTurnUsedUp);
      return;
    }
    if (!MayReadNow(to_client_)) return;
    net::PipePool::Lent pipe = PipeToClient();
    const net::IoResult got = pipe     ? SpliceToClient(std::move(pipe), budget)
                              : codec_ ? DecodeToClient(budget)
                                       : CopyToClient(budget);
    if (got.status == net::IoResult::Status::kEnd || got.status == net::IoResult::Status::kError) {
      OnBackendEnd(got.status == net::IoResult::Status::kEnd);
      return;
    }
    if (bandwidth_) bandwidth_->to_client.Take(got.bytes);
    budget -= got.bytes;
  }
}

net::IoResult Session::CopyToClient(size_t budget) {
  const size_t room = RoomToRead(to_client_, client_output_.size(), budget);
  const net::IoResult got = backend_->Read(workspace_.buffers.scratch().first(room));
  if (got.bytes == 0 || to_client_.input != Input::kRelayed) return got;
  is_bulk_ = got.bytes >= kBulkRead;
  CountMessageToClient(got.bytes);
  if (to_client_.write_failed) return got;
  AfterMessageToClient(client_output_.SendMessage(*client_, websocket::Opcode::kBinary,
                                                  workspace_.buffers.ScratchFrame(got.bytes)));
  return got;
}

// A pipe if the next read is to be spliced. Through one, payload costs no copy, but a message costs
// two system calls more: so only when the backend sends faster than its bytes are fetched, and only
// straight on to a client that takes them.
net::PipePool::Lent Session::PipeToClient() {
  if (!is_bulk_ || to_client_.input != Input::kRelayed || to_client_.write_failed ||
      !client_output_.idle() || !client_->writable() || !client_->can_splice() ||
      !backend_->can_read_into()) {
    return {};
  }
  return workspace_.pipes.Take();
}

net::IoResult Session::SpliceToClient(net::PipePool::Lent pipe, size_t budget) {
  const net::IoResult got =
      backend_->ReadInto(*pipe, Bounded(to_client_, std::min(budget, kMaxSpliced)));
  if (got.bytes == 0) return got;
  is_bulk_ = got.bytes >= kBulkRead;
  CountMessageToClient(got.bytes);
  AfterMessageToClient(
      client_output_.SendSpliced(*client_, websocket::Opcode::kBinary, std::move(pipe)));
  return got;
}

void Session::CountMessageToClient(size_t payload) {
  CountRelayed(to_client_, payload);
  if (!peers_.is_raw) MetricsOf(to_client_).messages.Add();
}

void Session::AfterMessageToClient(leg::ClientOutput::Status status) {
  OnClientWrite(status);
  if (client_output_.size() != 0) PauseSource(to_client_, kFarLegFull);
}

void Session::FlushToClient() {
  if (to_client_.write_failed || client_output_.idle() || !client_->writable()) return;
  OnClientWrite(client_output_.Flush(*client_));
  if (client_output_.size() < workspace::kQueueMark / 2 && !client_output_.is_splicing()) {
    ResumeSource(to_client_, kFarLegFull);
  }
}

void Session::OnClientWrite(leg::ClientOutput::Status status) {
  if (status == leg::ClientOutput::Status::kError) {
    // The client is gone, but what it sent before may still lie in the socket. The end of that is
    // told where it is read (OnClientEnd).
    to_client_.write_failed = true;
    client_output_.Clear();
    // Of plain TCP, its end may have been read long ago.
    if (state_ == SessionState::kOpen && to_backend_.input == Input::kEnded) {
      cause_ = base::Cause::kClientLost;
      Enter(SessionEvent::kClientGone);
    }
  }
  NoteQueued(to_client_);
}

void Session::OnBackendEnd(bool in_good_order) {
  // An error of a write uses up the socket's error, so that the end then looks like one in good
  // order.
  // An application's own code is no error, if the client can receive it.
  const bool may_pass = !peers_.is_raw && state_ == SessionState::kOpen;
  const net::ApplicationClose* const application =
      may_pass ? backend_->application_close() : nullptr;
  const bool reset = application == nullptr && (!in_good_order || to_backend_.write_failed);
  if (!reset) EndMessagesToClient();
  if ((reset || !in_good_order) && state_ == SessionState::kOpen) SetDetail(backend_->failure());
  const bool has_left = !in_good_order || backend_->HasPeerLeft();
  const bool client_goes_on = peers_.has_half_close && !has_left && !reset &&
                              state_ == SessionState::kOpen && to_backend_.input == Input::kRelayed;
  if (client_goes_on) {
    to_client_.input = Input::kEnded;
    client_output_.RequestEnd();
    return;
  }
  if (reset) AmendCause(base::Cause::kBackendReset);
  BeginClose(reset ? base::Cause::kBackendReset : base::Cause::kBackendClosed, application);
  to_client_.input = Input::kEnded;
  if (has_left) DropToBackend();
}

/// Begins the close if the backend has ended the connection after the end of its direction. The
/// session reads nothing of the backend then, so that no read reports it.
void Session::EndIfBackendLeft() {
  if (!backend_ || to_client_.input != Input::kEnded || to_backend_.fin_sent ||
      to_backend_.write_failed || !backend_->HasPeerLeft()) {
    return;
  }
  std::array<uint8_t, 1> no_bytes;
  OnBackendEnd(backend_->Read(no_bytes).status == net::IoResult::Status::kEnd);
}

}  // namespace sluice::session
