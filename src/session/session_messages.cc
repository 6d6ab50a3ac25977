// Both directions of a session with framed or compressed messages (leg/message_codec.h). The plain
// one does not come here.
//
// What one read brings may become far more than it was, so it is bounded here:
//
// * to_backend: a read is 256 KiB at most, and inflates in steps of less than that or of one
//   assembled message. When the queue is over its mark and the backend takes no more, or the turn
//   is used up, what is left of the read is held, and the client is not read until it is gone. So a
//   session has at most twice workspace::kQueueMark and one message in its queue, and
//   workspace::kQueueMark in what is held.
// * to_client: what is read fits into the queue, and frames are at most three times as long as
//   what they were made of (an empty line becomes two bytes; a compressed message of two bytes,
//   six); besides them the queue may hold one message that the decoder assembled.
#include <algorithm>
#include <utility>

#include "sluice/leg/frame_batch.h"
#include "sluice/leg/message_codec.h"
#include "sluice/session/session.h"

#include "session/bandwidth.h"
#include "session/session_limits.h"

namespace sluice::session {

using websocket::FrameEvent;

namespace {

/// Of Buffers::output(): where bytes for the backend are collected, and inflated behind that.
constexpr size_t kCollected = 64 * 1024;

/// From how many bytes on a write of its own is cheaper than a copy.
constexpr size_t kWorthAWrite = 16 * 1024;

/// The least room for a frame that is worth beginning one.
constexpr size_t kLeastRoom = 1024;
static_assert(kLeastRoom >= websocket::Deflater::kMinOutput);

}  // namespace

// ---- To the backend ----

size_t Session::TakeHeldMessages(size_t budget) {
  leg::FramesToBytes::Held held = codec_->to_bytes.TakeHeld();
  return TakeMessages(held.bytes, held.payload, budget);
}

size_t Session::TakeMessages(base::MutableBytes in, size_t payload_size, size_t budget) {
  leg::FramesToBytes& messages = codec_->to_bytes;
  base::Bytes payload = in.first(payload_size);
  in = in.subspan(payload_size);
  Collected collected{workspace_.buffers.output().first(kCollected)};
  size_t cost = 0;
  for (;;) {
    while (!messages.done()) {
      if (backend_queue_.size() >= workspace::kQueueMark) FlushToBackend();
      const bool is_too_fast = messages.has_compression() && !MayReadNow(to_backend_);
      if (backend_queue_.size() >= workspace::kQueueMark || cost >= budget || is_too_fast) {
        messages.Hold(payload, in);
        FlushMessages(collected);
        if (to_backend_.pauses == 0) PauseSource(to_backend_, kTurnUsedUp);
        return cost;
      }
      const leg::FramesToBytes::Step step =
          messages.Next(payload, workspace_.buffers.output().subspan(kCollected));
      if (step.fault) {
        FlushMessages(collected);
        OnBreach(*step.fault);
        return cost;
      }
      cost += step.inflated;
      if (bandwidth_) bandwidth_->to_backend.Take(step.inflated);
      const framing::Encoded& encoded = step.encoded;
      for (const auto bytes : {encoded.prefix, encoded.payload, encoded.suffix}) {
        PutToBackend(bytes, collected);
      }
    }
    const FrameEvent event = reader_.Next(in, in.data());
    cost += kFrameCost;
    switch (event.kind) {
      case FrameEvent::Kind::kPayload:
        if (event.begins_message) MetricsOf(to_backend_).messages.Add();
        messages.Begin(event, reader_.whole_length());
        payload = event.payload;
        break;
      case FrameEvent::Kind::kPing:
        OnPing(event.payload);
        break;
      case FrameEvent::Kind::kPong:
        OnPong(event.payload);
        break;
      case FrameEvent::Kind::kEnd:
        FlushMessages(collected);
        OnHalfClose();
        break;
      case FrameEvent::Kind::kNeedMore:
        FlushMessages(collected);
        return cost;
      case FrameEvent::Kind::kClose:
        FlushMessages(collected);
        OnClose(event.payload);
        return cost;
      case FrameEvent::Kind::kViolation:
        FlushMessages(collected);
        OnBreach({CauseOf(event.violation), ToString(event.violation)});
        return cost;
    }
  }
}

// What is short is collected, so that what one read brought leaves in one write.
void Session::PutToBackend(base::Bytes bytes, Collected& collected) {
  if (collected.size + bytes.size() > collected.buffer.size() || bytes.size() >= kWorthAWrite) {
    FlushMessages(collected);
  }
  if (bytes.size() >= kWorthAWrite) {
    SendToBackend(bytes);
    return;
  }
  std::copy(bytes.begin(), bytes.end(), collected.buffer.data() + collected.size);
  collected.size += bytes.size();
}

void Session::FlushMessages(Collected& collected) {
  if (collected.size == 0) return;
  SendToBackend(collected.buffer.first(std::exchange(collected.size, 0)));
}

// ---- To the client ----

net::IoResult Session::DecodeToClient(size_t budget) {
  const size_t room = RoomToRead(to_client_, client_output_.size(), budget);
  const net::IoResult got = backend_->Read(workspace_.buffers.scratch().first(room));
  if (got.bytes == 0 || to_client_.input != Input::kRelayed) return got;
  CountRelayed(to_client_, got.bytes);
  if (to_client_.write_failed) return got;

  base::Bytes in = workspace_.buffers.scratch().first(got.bytes);
  leg::FrameBatch batch(workspace_.buffers.output());
  while (SendDecoded(codec_->to_frames.Next(in), batch)) {
  }
  SendBatch(batch);
  return got;
}

// What the backend sent last may be a message that only its end completes, or one that is cut
// short.
void Session::EndMessagesToClient() {
  if (!codec_ || to_client_.input != Input::kRelayed || to_client_.write_failed) return;
  leg::FrameBatch batch(workspace_.buffers.output());
  SendDecoded(codec_->to_frames.End(), batch);
  SendBatch(batch);
}

// Whether there may be more to decode.
bool Session::SendDecoded(const framing::Decoded& decoded, leg::FrameBatch& batch) {
  if (decoded.kind == framing::Decoded::Kind::kNeedMore) return false;
  if (decoded.kind == framing::Decoded::Kind::kError) {
    OnBackendFault(leg::FaultOfBackend(decoded.error), batch);
    return false;
  }
  leg::BytesToFrames& messages = codec_->to_frames;
  if (decoded.piece.begins_message) MetricsOf(to_client_).messages.Add();
  if (!messages.Begin(decoded.piece)) {
    OnBackendFault({base::Cause::kBackendInvalidUtf8, {}}, batch);
    return false;
  }
  // Not cut into fragments for want of room that a batch has.
  if (batch.Room().size() < decoded.piece.payload.size() + kLeastRoom) SendBatch(batch);
  for (;;) {
    const leg::BytesToFrames::Filled filled = messages.Fill(batch.Room());
    if (filled.start) batch.Add(*filled.start, filled.size);
    if (filled.done || to_client_.write_failed) break;
    SendBatch(batch);
  }
  return !to_client_.write_failed;
}

void Session::SendBatch(leg::FrameBatch& batch) {
  if (!batch.empty() && !to_client_.write_failed) {
    AfterMessageToClient(client_output_.SendFrames(*client_, batch.frames()));
  }
  batch.Clear();
}

void Session::OnBackendFault(const leg::MessageFault& fault, leg::FrameBatch& batch) {
  SendBatch(batch);  // What was good goes out before the Close.
  if (state_ == SessionState::kOpen) SetDetail(fault.detail);
  BeginClose(fault.cause);
}

}  // namespace sluice::session
