#include "sluice/leg/client_output.h"

#include <array>
#include <cstring>
#include <utility>

#include "sluice/websocket/frame_writer.h"

namespace sluice::leg {

using websocket::Opcode;

ClientOutput::Status ClientOutput::SendMessage(net::Stream& stream, Opcode opcode,
                                               base::MutableBytes frame) {
  // The header goes just before the payload, so that both are one write.
  const size_t payload = frame.size() - websocket::kMaxServerHeader;
  const size_t header = has_frames_ ? websocket::ServerHeaderSize(payload) : 0;
  frame = frame.subspan(websocket::kMaxServerHeader - header);
  if (has_frames_) websocket::WriteServerHeader(frame.data(), opcode, payload);

  if (!idle()) {
    queue_.Append(frame);
    return Flush(stream);
  }
  net::IoResult sent{Status::kWouldBlock, 0, 0};
  if (stream.writable()) sent = stream.Write(frame);
  if (sent.status == Status::kError) return Status::kError;
  if (sent.bytes == frame.size()) return Status::kOk;
  queue_.Append(frame.subspan(sent.bytes));
  frame_left_ = sent.bytes == 0 ? 0 : frame.size() - sent.bytes;
  return Status::kWouldBlock;
}

ClientOutput::Status ClientOutput::SendFrames(net::Stream& stream, base::Bytes frames) {
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

ClientOutput::Status ClientOutput::SendSpliced(net::Stream& stream, Opcode opcode,
                                               net::PipePool::Lent pipe) {
  std::array<uint8_t, websocket::kMaxServerHeader> buffer;
  const base::Bytes header(
      buffer.data(),
      has_frames_ ? websocket::WriteServerHeader(buffer.data(), opcode, pipe->size()) : 0);
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

ClientOutput::Status ClientOutput::WriteSpliced(net::Stream& stream) {
  const net::IoResult sent = stream.WriteFrom({}, *pipe_);
  if (pipe_->empty()) pipe_.reset();
  return sent.status;
}

void ClientOutput::QueueHead(std::string_view head) {
  queue_.Prepend(base::AsBytes(head));
  frame_left_ += head.size();
}

void ClientOutput::RequestPong(base::Bytes payload) {
  if (close_sent_) return;
  std::array<uint8_t, websocket::kMaxServerControlFrame> frame;
  const size_t size = websocket::WriteControlFrame(frame.data(), Opcode::kPong, payload);
  if (!pongs_ || !HasRoomForPong()) pongs_ = std::make_unique<std::string>();
  pongs_->append(base::AsText({frame.data(), size}));
}

void ClientOutput::RequestPing(uint32_t number) {
  if (close_sent_) return;
  ping_number_ = number;
  ping_due_ = true;
}

void ClientOutput::RequestClose(std::optional<uint16_t> code, std::string_view reason) {
  close_code_ = code.value_or(0);
  close_reason_ = reason;
  close_due_ = true;
}

base::Bytes ClientOutput::NextControl(base::MutableBytes buffer, bool last_ones) const {
  if (pongs_) return base::AsBytes(*pongs_);
  size_t size = 0;
  if (ping_due_) {
    std::array<uint8_t, sizeof(ping_number_)> number;
    std::memcpy(number.data(), &ping_number_, number.size());
    size = websocket::WriteControlFrame(buffer.data(), Opcode::kPing, number);
  } else if (end_due_ && last_ones) {
    size = websocket::WriteControlFrame(buffer.data(), Opcode::kEnd, {});
  } else if (close_due_ && last_ones) {
    const auto code = close_code_ == 0 ? std::nullopt : std::optional(close_code_);
    size = websocket::WriteCloseFrame(buffer.data(), code, close_reason_);
  }
  return buffer.first(size);
}

void ClientOutput::ControlSent() {
  // In the order of NextControl.
  if (pongs_) {
    pongs_.reset();
  } else if (ping_due_) {
    ping_due_ = false;
  } else if (end_due_) {
    end_due_ = false;
  } else {
    close_due_ = false;
    close_sent_ = true;
  }
}

ClientOutput::Status ClientOutput::WriteControl(net::Stream& stream, base::Bytes frames) {
  const bool is_close = !pongs_ && !ping_due_ && !end_due_;
  const net::IoResult sent =
      is_close && ends_behind_close_ ? stream.WriteLast(frames) : stream.Write(frames);
  if (sent.status != Status::kOk) return sent.status;
  const bool all = sent.bytes == frames.size();
  if (!all) {
    queue_.Prepend(frames.subspan(sent.bytes));
    frame_left_ = frames.size() - sent.bytes;
  }
  ControlSent();
  return all ? Status::kOk : Status::kWouldBlock;
}

ClientOutput::Status ClientOutput::Flush(net::Stream& stream) {
  while (!idle()) {
    if (!stream.writable()) return Status::kWouldBlock;
    if (pipe_ && frame_left_ == 0) {
      if (const Status status = WriteSpliced(stream); status != Status::kOk) return status;
      continue;
    }
    if (IsBetweenFrames()) {
      std::array<uint8_t, websocket::kMaxServerControlFrame> control;
      if (const auto frames = NextControl(control, queue_.empty()); !frames.empty()) {
        if (const Status status = WriteControl(stream, frames); status != Status::kOk) {
          return status;
        }
        continue;
      }
      frame_left_ = NextFrameSize();
    }
    const net::IoResult sent = queue_.WriteTo(stream, frame_left_);
    frame_left_ -= sent.bytes;
    if (sent.status != Status::kOk) return sent.status;
  }
  return Status::kOk;
}

size_t ClientOutput::NextFrameSize() const {
  if (!has_frames_) return queue_.size();
  std::array<uint8_t, websocket::kMaxServerHeader> header{};
  queue_.Peek(header);
  return FrameSize(header);
}

size_t ClientOutput::FrameSize(base::Bytes header) {
  const uint8_t short_length = header[1] & websocket::kLengthBits;
  if (short_length < websocket::kLength16) return 2u + short_length;
  const size_t length_size = short_length == websocket::kLength16 ? 2 : 8;
  size_t length = 0;
  for (size_t i = 0; i < length_size; ++i) length = length << 8 | header[2 + i];
  return 2 + length_size + length;
}

void ClientOutput::Clear() {
  queue_.Clear();
  pipe_.reset();
  frame_left_ = 0;
  pongs_.reset();
  ping_due_ = end_due_ = close_due_ = false;
}

}  // namespace sluice::leg
