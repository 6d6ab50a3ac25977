#include "sluice/leg/raw_leg.h"

#include <utility>

namespace sluice::leg {

using IoStatus = net::IoResult::Status;

RawLeg::RawLeg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream,
               base::Duration host_timeout, base::Bytes received)
    : Leg(workspace, LegStream(std::move(stream), LegStream::Content::kPayload, received)),
      host_watch_(host_timeout, net::EventLoop::Now()) {}

Input RawLeg::Read(size_t limit) {
  return stream_.Read(workspace_.buffers.scratch(), limit);
}

Output RawLeg::Sent(IoStatus status) {
  has_output_ = pipe_ || !queue_.empty() || (is_end_requested_ && !stream_.is_shut_down());
  return status == IoStatus::kError ? Broken() : Output{};
}

Output RawLeg::Send(base::MutableBytes payload) {
  net::IoResult sent;
  if (!has_output_ && stream_.net().writable()) sent = stream_.net().Write(payload);
  if (sent.bytes < payload.size()) queue_.Append(payload.subspan(sent.bytes));
  return Sent(sent.status);
}

bool RawLeg::CanSendPipe() const {
  return queue_.empty() && !pipe_ && stream_.net().writable() && stream_.net().can_splice();
}

Output RawLeg::SendPipe(net::PipePool::Lent pipe) {
  pipe_ = std::move(pipe);
  const net::IoResult sent = stream_.net().WriteFrom({}, *pipe_);
  if (pipe_->empty()) pipe_.reset();
  return Sent(sent.status);
}

Output RawLeg::Flush() {
  net::IoResult sent;
  if (pipe_ && stream_.net().writable()) {
    sent = stream_.net().WriteFrom({}, *pipe_);
    if (pipe_->empty()) pipe_.reset();
  }
  if (!pipe_ && !queue_.empty() && stream_.net().writable()) sent = queue_.WriteTo(stream_.net());
  if (sent.status != IoStatus::kError && PrepareShutDown()) stream_.ShutDown();
  return Sent(sent.status);
}

void RawLeg::DropOutput() {
  queue_.Clear();
  pipe_.reset();
}

Leg::Liveness RawLeg::Check(base::TimePoint now, base::TimePoint /*last_payload*/) {
  return host_watch_.CheckSilent(stream_.net(), now) ? Liveness::kSilent : Liveness::kAlive;
}

}  // namespace sluice::leg
