// A leg whose bytes are the payload: TCP, TLS or a Unix socket.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "sluice/leg/host_watch.h"
#include "sluice/leg/leg.h"

namespace sluice::leg {

/// The end of the TCP direction is all that a peer learns of a close, and either direction may end
/// before the other.
class RawLeg final : public Leg {
 public:
  /// `host_timeout`: how long the peer's host may be silent; 0: without limit.
  RawLeg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream,
         base::Duration host_timeout, base::Bytes received = {});

  Input Read(size_t limit) override;

  Output Send(base::MutableBytes payload) override;
  bool CanSendPipe() const override;
  Output SendPipe(net::PipePool::Lent pipe) override;
  Output Flush() override;
  bool HasRoom() const override { return !pipe_ && queue_.size() < workspace::kQueueMark / 2; }

  bool has_close_codes() const override { return false; }
  void RequestEnd() override { is_end_requested_ = has_output_ = true; }
  void RequestClose(std::optional<uint16_t> /*code*/, std::string_view /*reason*/) override {
    RequestEnd();
  }

  base::TimePoint NextCheck() const override { return host_watch_.next_check(); }
  Liveness Check(base::TimePoint now, base::TimePoint last_payload) override;

 private:
  size_t QueuedBytes() const override { return queue_.size() + (pipe_ ? pipe_->size() : 0); }

  /// Notes whether something waits after a write.
  Output Sent(net::IoResult::Status status);
  void DropOutput() override;
  bool PrepareShutDown() override { return is_end_requested_ && queue_.empty() && !pipe_; }

  net::ByteQueue queue_;
  net::PipePool::Lent pipe_;  // Bytes before those of the queue, which is empty meanwhile.
  HostWatch host_watch_;
};

}  // namespace sluice::leg
