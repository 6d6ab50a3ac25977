// The relay loop. Payload stays where it was read: a leg unmasks it there, and the opposite leg
// writes a frame header into the room before it. Bulk data is spliced through a pipe, so that it is
// not even copied.
#include "sluice/session/direction.h"

#include <algorithm>
#include <utility>

#include "session/rate_limit.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using InputStatus = leg::Input::Status;
using OutputStatus = leg::Output::Status;

bool TakesPayload(const leg::Leg* sink) {
  return sink != nullptr && sink->takes_payload();
}

leg::Input InputOf(const net::IoResult& spliced) {
  leg::Input input{.received = spliced.bytes, .cost = spliced.bytes};
  if (spliced.status == net::IoResult::Status::kWouldBlock) input.status = InputStatus::kWouldBlock;
  if (spliced.status == net::IoResult::Status::kError) input.status = InputStatus::kLost;
  return input;
}

}  // namespace

Direction::Direction(metrics::DirectionMetrics& metrics, std::unique_ptr<RateLimit> limit)
    : metrics_(metrics), limit_(std::move(limit)) {}

Direction::~Direction() = default;

Direction::Event Direction::Transfer(workspace::Workspace& workspace, leg::Leg& source,
                                     leg::Leg* sink, size_t& budget) {
  do {
    if (budget == 0) {
      PauseFor(kTurnUsedUp);
      break;
    }
    const size_t room = RoomToRead(sink, budget);
    if (room == 0) {  // Only with a limit.
      PauseFor(kOverRate);
      limit_->Wait();
      break;
    }
    net::PipePool::Lent pipe = PipeFor(workspace, source, sink);
    const Event event =
        pipe ? Splice(source, *sink, std::move(pipe), limit_ ? room : std::min(budget, kMaxSpliced))
             : Copy(source, sink, room);
    if (limit_) limit_->Consume(event.input.received);
    budget -= std::min(budget, event.input.cost);
    if (event) return event;
  } while (CanTransfer(source));
  return {};
}

Direction::Event Direction::Splice(leg::Leg& source, leg::Leg& sink, net::PipePool::Lent pipe,
                                   size_t limit) {
  Event event{.input = InputOf(source.stream().net().ReadInto(*pipe, limit))};
  if (event.input.received == 0) return event;
  event.output = sink.SendPipe(std::move(pipe));
  if (event.output.status == OutputStatus::kOk) Count(event.input.received);
  if (sink.queued() != 0) PauseFor(kSinkFull);
  return event;
}

Direction::Event Direction::Copy(leg::Leg& source, leg::Leg* sink, size_t room) {
  Event event{.input = source.Read(room)};
  const base::MutableBytes payload = event.input.payload;
  if (!payload.empty() && is_relaying() && TakesPayload(sink)) {
    event.output = sink->Send(payload);
    if (event.output.status == OutputStatus::kOk) Count(payload.size());
    if (sink->queued() != 0) PauseFor(kSinkFull);
  }
  return event;
}

/// Payload is never longer than the bytes that it came in, but for what was compressed, so what is
/// read fits into the queue of the sink: the source is only read while that is below half its mark.
size_t Direction::RoomToRead(const leg::Leg* sink, size_t budget) {
  if (!is_relaying()) return std::min(workspace::kQueueMark, budget);
  const size_t queued = sink != nullptr ? std::min(sink->queued(), workspace::kQueueMark / 2) : 0;
  const size_t room = std::min(workspace::kQueueMark - queued, budget);
  return limit_ ? std::min(room, limit_->Room()) : room;
}

void Direction::Count(size_t bytes) {
  is_bulk_ = bytes >= kBulkRead;
  bytes_ += bytes;
  metrics_.bytes.Add(bytes);
}

/// Returns a pipe if the next read is to be spliced. Through one, payload costs no copy, but a
/// message costs two system calls more: so only if the source sends faster than its bytes are
/// fetched, and only if the sink takes them at once.
net::PipePool::Lent Direction::PipeFor(workspace::Workspace& workspace, const leg::Leg& source,
                                       const leg::Leg* sink) const {
  if (!is_bulk_ || !is_relaying() || !TakesPayload(sink) || !sink->CanSendPipe() ||
      !source.stream().CanReadInto()) {
    return {};
  }
  return workspace.pipes.Take();
}

leg::Output Direction::Flush(leg::Leg& sink) {
  const size_t before = sink.queued();
  const leg::Output output = sink.Flush();
  const bool has_progress = sink.queued() < before || sink.queued() == 0;
  if (has_progress && sink.HasRoom()) Resume(kSinkFull);
  return output;
}

void Direction::Enter(State state) {
  if (state_ == State::kEnded) return;
  state_ = state;
  Resume(kHeld);
  if (state == State::kDiscarding) pauses_ = 0;
}

void Direction::PauseFor(Pause reason) {
  if (reason == kSinkFull && (pauses_ & kSinkFull) == 0) metrics_.pauses.Add();
  pauses_ = static_cast<uint8_t>(pauses_ | reason);
}

void Direction::ReportQueued(workspace::Workspace& workspace, size_t size) {
  if (size == queued_) return;
  workspace.queued.Add(size);
  workspace.queued.Subtract(queued_);
  metrics_.queued.Add(size);
  metrics_.queued.Subtract(queued_);
  queued_ = static_cast<uint32_t>(size);
}

}  // namespace sluice::session
