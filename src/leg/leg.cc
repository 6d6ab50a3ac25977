#include "sluice/leg/leg.h"

#include <algorithm>
#include <utility>

namespace sluice::leg {

Leg::Leg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream, base::Bytes received)
    : workspace_(workspace), stream_(std::move(stream)) {
  Unread(received, {});
}

Leg::~Leg() = default;

void Leg::Unread(base::Bytes first, base::Bytes second) {
  unread_.Append(first);
  unread_.Append(second);
  has_unread_ = !unread_.empty();
}

Input Leg::ReadBytes(size_t limit) {
  const base::MutableBytes buffer = workspace_.buffers.scratch();
  if (has_unread_) {
    const size_t size = unread_.Take(buffer);
    has_unread_ = !unread_.empty();
    return {.payload = buffer.first(size), .cost = size};
  }
  const net::IoResult got = stream_->Read(buffer.first(limit));
  switch (got.status) {
    case net::IoResult::Status::kOk:
      return {.payload = buffer.first(got.bytes), .received = got.bytes, .cost = got.bytes};
    case net::IoResult::Status::kWouldBlock:
      return {.status = Input::Status::kWouldBlock};
    case net::IoResult::Status::kEnd:
      has_ended_ = true;
      return {.status = is_broken_ ? Input::Status::kLost : Input::Status::kEnd};
    case net::IoResult::Status::kError:
      break;
  }
  has_ended_ = true;
  return {.status = Input::Status::kLost};
}

Leg::Progress Leg::progress() const {
  const size_t under_way = stream_->UnacknowledgedBytes();
  const uint64_t written = stream_->bytes_written();
  // A Unix socket counts its overhead as unacknowledged, too.
  return {under_way, written - std::min<uint64_t>(written, under_way)};
}

Output Leg::Broken() {
  is_broken_ = true;
  DropOutput();
  has_output_ = false;
  return {.status = Output::Status::kBroken};
}

void Leg::ShutDown() {
  if (!std::exchange(is_shut_down_, true)) stream_->ShutdownWrite();
}

bool Leg::Finish() {
  if (is_broken_ || MayShutDown()) ShutDown();
  return has_ended_ && has_ended_output();
}

void Leg::Abandon() {
  has_ended_ = true;
  Broken();
}

}  // namespace sluice::leg
