#include "sluice/leg/leg_stream.h"

#include <algorithm>
#include <utility>

namespace sluice::leg {

LegStream::LegStream(std::unique_ptr<net::Stream> stream, Content content, base::Bytes received)
    : stream_(std::move(stream)), content_(content) {
  if (!received.empty()) Unread(received, {});
}

void LegStream::Unread(base::Bytes first, base::Bytes second) {
  unread_.Append(first);
  unread_.Append(second);
  has_unread_ = true;
}

Input LegStream::Read(base::MutableBytes buffer, size_t limit) {
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

void LegStream::ShutDown() {
  if (!std::exchange(is_shut_down_, true)) stream_->ShutdownWrite();
}

LegStream::Progress LegStream::progress() const {
  const size_t under_way = stream_->UnacknowledgedBytes();
  const uint64_t written = stream_->bytes_written();
  // A Unix socket counts its overhead as unacknowledged, too.
  return {under_way, written - std::min<uint64_t>(written, under_way)};
}

// A peer that has ended its direction may still read plain bytes, but no frames after its Close.
bool LegStream::HasPeerLeft() const {
  return is_broken_ ||
         (content_ == Content::kPayload ? stream_->IsReset() : stream_->HasPeerEnded());
}

}  // namespace sluice::leg
