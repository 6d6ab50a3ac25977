#include "sluice/leg/frame_output.h"

#include <array>
#include <utility>

#include "sluice/websocket/frame_writer.h"

namespace sluice::leg {

using websocket::Opcode;

namespace {

/// Returns the size of the frame that begins with `header`, which may be longer or shorter than the
/// frame's header: at least as long as its length field.
size_t FrameSize(base::Bytes header) {
  const size_t mask_size = (header[1] & websocket::kMaskBit) != 0 ? websocket::kMaskSize : 0;
  const uint8_t short_length = header[1] & websocket::kLengthBits;
  if (short_length < websocket::kLength16) return 2 + mask_size + short_length;
  const size_t length_size = short_length == websocket::kLength16 ? 2 : 8;
  size_t length = 0;
  for (size_t i = 0; i < length_size; ++i) length = length << 8 | header[2 + i];
  return 2 + length_size + mask_size + length;
}

}  // namespace

FrameOutput::Status FrameOutput::SendMessage(net::Stream& stream, base::MutableBytes payload) {
  const base::Bytes frame = encoder_.Complete(websocket::StartOf(Opcode::kBinary), payload);
  return WriteOrQueue(stream, frame);
}

FrameOutput::Status FrameOutput::SendFrames(net::Stream& stream, base::Bytes frames) {
  return WriteOrQueue(stream, frames);
}

FrameOutput::Status FrameOutput::WriteOrQueue(net::Stream& stream, base::Bytes frames) {
  if (!idle()) {
    queue_.Append(frames);
    return Flush(stream);
  }
  net::IoResult sent{Status::kWouldBlock, 0, 0};
  if (stream.writable()) sent = stream.Write(frames);
  if (sent.status == Status::kError) return Status::kError;
  if (sent.bytes == frames.size()) return Status::kOk;
  size_t frame_end = 0;
  while (frame_end < sent.bytes) frame_end += FrameSize(frames.subspan(frame_end));
  queue_.Append(frames.subspan(sent.bytes));
  frame_left_ = frame_end - sent.bytes;
  return Status::kWouldBlock;
}

FrameOutput::Status FrameOutput::SendSpliced(net::Stream& stream, net::PipePool::Lent pipe) {
  std::array<uint8_t, websocket::kMaxServerHeader> buffer;
  const base::Bytes header(
      buffer.data(), websocket::WriteServerHeader(buffer.data(), Opcode::kBinary, pipe->size()));
  pipe_ = std::move(pipe);
  const net::IoResult sent = stream.WriteFrom(header, *pipe_);
  if (sent.status == Status::kError) return Status::kError;
  if (sent.bytes < header.size()) {
    queue_.Append(header.subspan(sent.bytes));
    frame_left_ = header.size() - sent.bytes;
  }
  if (!pipe_->empty()) return Status::kWouldBlock;
  pipe_.reset();
  return Status::kOk;
}

FrameOutput::Status FrameOutput::WriteSpliced(net::Stream& stream) {
  const net::IoResult sent = stream.WriteFrom({}, *pipe_);
  if (pipe_->empty()) pipe_.reset();
  return sent.status;
}

void FrameOutput::QueueHead(std::string_view head) {
  queue_.Prepend(base::AsBytes(head));
  frame_left_ += head.size();
}

std::string& FrameOutput::Urgent() {
  if (!urgent_) urgent_ = std::make_unique<std::string>();
  return *urgent_;
}

void FrameOutput::RequestPong(base::Bytes payload) {
  if (is_close_sent()) return;
  if (!HasRoomForPong()) urgent_.reset();
  encoder_.AppendControl(Urgent(), Opcode::kPong, payload);
}

void FrameOutput::RequestPing(base::Bytes payload) {
  if (is_close_sent()) return;
  encoder_.AppendControl(Urgent(), Opcode::kPing, payload);
}

void FrameOutput::RequestEnd() {
  if (is_close_requested_) return;
  if (!last_) last_ = std::make_unique<std::string>();
  encoder_.AppendControl(*last_, Opcode::kEnd, {});
}

void FrameOutput::RequestClose(std::optional<uint16_t> code, std::string_view reason) {
  if (std::exchange(is_close_requested_, true)) return;
  if (!last_) last_ = std::make_unique<std::string>();
  encoder_.AppendClose(*last_, code, reason);
}

/// Writes `frames`, and queues the rest of them. Releases them.
FrameOutput::Status FrameOutput::WriteControl(net::Stream& stream,
                                              std::unique_ptr<std::string>& frames) {
  const base::Bytes bytes = base::AsBytes(*frames);
  const bool ends = &frames == &last_ && is_close_requested_ && ends_after_close_;
  const net::IoResult sent = ends ? stream.WriteLast(bytes) : stream.Write(bytes);
  if (sent.status != Status::kOk) return sent.status;
  const bool all = sent.bytes == bytes.size();
  if (!all) {
    queue_.Prepend(bytes.subspan(sent.bytes));
    frame_left_ = bytes.size() - sent.bytes;
  }
  frames.reset();
  return all ? Status::kOk : Status::kWouldBlock;
}

FrameOutput::Status FrameOutput::Flush(net::Stream& stream) {
  while (!idle()) {
    if (!stream.writable()) return Status::kWouldBlock;
    Status status = Status::kOk;
    if (IsBetweenFrames() && urgent_) {
      status = WriteControl(stream, urgent_);
    } else if (IsBetweenFrames() && queue_.empty()) {
      status = WriteControl(stream, last_);
    } else if (pipe_ && frame_left_ == 0) {
      status = WriteSpliced(stream);
    } else {
      if (frame_left_ == 0) {
        std::array<uint8_t, websocket::kMaxServerHeader> header{};
        queue_.Peek(header);
        frame_left_ = FrameSize(header);
      }
      const net::IoResult sent = queue_.WriteTo(stream, frame_left_);
      frame_left_ -= sent.bytes;
      status = sent.status;
    }
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

void FrameOutput::Clear() {
  queue_.Clear();
  pipe_.reset();
  frame_left_ = 0;
  urgent_.reset();
  last_.reset();
}

}  // namespace sluice::leg
