#include "sluice/leg/raw_leg.h"

#include <utility>

namespace sluice::leg {

using IoStatus = net::IoResult::Status;

RawLeg::RawLeg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream,
               base::Duration host_timeout, base::Bytes received)
    : Leg(workspace, std::move(stream), received),
      host_watch_(host_timeout, net::EventLoop::Now()) {}

Input RawLeg::Read(size_t limit) {
  return ReadBytes(limit);
}

Output RawLeg::Written(IoStatus status) {
  return status == IoStatus::kError ? Broken() : Output{};
}

Output RawLeg::Send(base::MutableBytes payload) {
  base::Bytes rest = payload;
  if (queue_.empty() && !pipe_ && stream_->writable()) {
    const net::IoResult sent = stream_->Write(rest);
    if (sent.status == IoStatus::kError) return Broken();
    rest = rest.subspan(sent.bytes);
  }
  queue_.Append(rest);
  return {};
}

bool RawLeg::CanSendPipe() const {
  return queue_.empty() && !pipe_ && stream_->writable() && stream_->can_splice();
}

Output RawLeg::SendPipe(net::PipePool::Lent pipe) {
  pipe_ = std::move(pipe);
  const net::IoResult sent = stream_->WriteFrom({}, *pipe_);
  if (pipe_->empty()) pipe_.reset();
  return Written(sent.status);
}

Output RawLeg::Flush() {
  if (is_broken_) return {};
  if (pipe_ && stream_->writable()) {
    const net::IoResult sent = stream_->WriteFrom({}, *pipe_);
    if (sent.status == IoStatus::kError) return Broken();
    if (pipe_->empty()) pipe_.reset();
  }
  if (!pipe_ && !queue_.empty() && stream_->writable()) {
    if (queue_.WriteTo(*stream_).status == IoStatus::kError) return Broken();
  }
  if (MayShutDown()) ShutDown();
  return {};
}

void RawLeg::DropOutput() {
  queue_.Clear();
  pipe_.reset();
}

Leg::Liveness RawLeg::Check(base::TimePoint now, base::TimePoint /*last_payload*/) {
  return host_watch_.CheckSilent(*stream_, now) ? Liveness::kSilent : Liveness::kAlive;
}

}  // namespace sluice::leg
