// The direction to_client: bytes come in, one binary message for each read goes out. The header is
// written into the room before the payload, so no byte of payload is touched.
#include <algorithm>

#include "sluice/relay/session.h"

#include "session_limits.h"

namespace sluice::relay {

void Session::RelayToClient() {
  size_t budget = kTurnBudget;
  // Behind our Close no message may follow, so what the backend says now waits, and is discarded
  // when the closing handshake is over.
  while (state_ != SessionState::kCloseSent && MayRead(to_client_, backend_)) {
    if (budget == 0) {
      PauseSource(to_client_, kTurnUsedUp);
      return;
    }
    // The queue holds whole frames: what is read fits into it together with its header.
    const size_t room =
        RoomToRead(to_client_, client_output_.size() + websocket::kMaxServerHeader, budget);
    const auto frame = context_.scratch.first(websocket::kMaxServerHeader + room);
    const net::IoResult got = backend_->Read(frame.subspan(websocket::kMaxServerHeader));
    if (got.status == net::IoResult::Status::kWouldBlock) return;
    if (got.status != net::IoResult::Status::kOk) {
      OnBackendEnd(got.status == net::IoResult::Status::kEnd);
      return;
    }
    budget -= got.bytes;
    if (to_client_.input == Input::kRelayed) {
      SendToClient(frame.first(websocket::kMaxServerHeader + got.bytes));
    }
  }
}

void Session::SendToClient(base::MutableBytes frame) {
  CountRelayed(to_client_, frame.size() - websocket::kMaxServerHeader);
  MetricsOf(to_client_).messages.Add();
  if (to_client_.write_failed) return;
  OnClientWrite(client_output_.SendMessage(*client_, websocket::Opcode::kBinary, frame));
  if (client_output_.size() != 0) PauseSource(to_client_, kFarLegFull);
}

void Session::FlushToClient() {
  if (to_client_.write_failed || client_output_.idle() || !client_->writable()) return;
  OnClientWrite(client_output_.Flush(*client_));
  if (client_output_.size() < kQueueMark / 2) ResumeSource(to_client_, kFarLegFull);
}

void Session::OnClientWrite(ClientOutput::Status status) {
  if (status == ClientOutput::Status::kError) {
    // The client is gone, but what it sent before may still lie in the socket. The end of that is
    // told where it is read (OnClientEnd).
    to_client_.write_failed = true;
    client_output_.Clear();
  }
  NoteQueued(to_client_, client_output_.size());
}

void Session::OnBackendEnd(bool in_good_order) {
  to_client_.input = Input::kEnded;
  // An error of a write uses up the socket's error, so that the end then looks like one in good
  // order.
  const bool reset = !in_good_order || to_backend_.write_failed;
  if (!in_good_order) OnBackendWriteError();
  BeginClose(reset ? base::Cause::kBackendReset : base::Cause::kBackendClosed);
}

}  // namespace sluice::relay
