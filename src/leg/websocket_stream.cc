#include "sluice/leg/websocket_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "sluice/base/cause.h"
#include "sluice/websocket/close_code.h"
#include "sluice/websocket/frame.h"
#include "sluice/websocket/frame_writer.h"

#include "leg/masked_batch.h"

namespace sluice::leg {
namespace {

using IoStatus = net::IoResult::Status;
using websocket::FrameEvent;
using websocket::Opcode;

constexpr net::IoResult kWouldBlock{IoStatus::kWouldBlock, 0, 0};

/// The least room for a frame that is worth beginning one.
constexpr size_t kLeastMessageRoom = 1024;

// A write leaves less than half of this behind; the rest is for pongs. Who asks for more of them
// and takes none is not read any more.
constexpr size_t kMostKeptOutput = 2 * workspace::WebSocketBuffers::kOutputSize;

// Bytes without any payload that are taken in one go. Who sends more wants to keep us busy.
constexpr size_t kMostInVain = 128 * 1024;

// How long the server has to end the connection once both Closes are there.
constexpr base::Duration kLingerTime{1'000};

// And what it may send meanwhile.
constexpr size_t kMostDiscarded = 1024 * 1024;

constexpr uint8_t StartOf(Opcode opcode) {
  return static_cast<uint8_t>(websocket::kFinBit | static_cast<uint8_t>(opcode));
}

std::optional<uint16_t> CodeIn(base::Bytes payload) {
  if (payload.size() < 2) return std::nullopt;
  return static_cast<uint16_t>(payload[0] << 8 | payload[1]);
}

bool IsGoodEnd(std::optional<uint16_t> code) {
  return !code || *code == websocket::kCloseNormal || *code == websocket::kCloseGoingAway;
}

uint64_t TakenFrom(const net::Stream& stream, uint64_t under_way) {
  // A Unix socket counts its overhead as unacknowledged, too.
  return stream.bytes_written() - std::min(stream.bytes_written(), under_way);
}

}  // namespace

WebSocketStream::WebSocketStream(net::EventLoop& loop, std::unique_ptr<net::Stream> inner,
                                 workspace::WebSocketBuffers& buffers,
                                 const settings::SessionOptions& options,
                                 std::unique_ptr<MessageCodec> messages,
                                 std::vector<uint8_t> received, bool has_half_close)
    : inner_(std::move(inner)),
      buffers_(buffers),
      reader_(/*compression=*/false, websocket::Sender::kServer),
      codec_(std::move(messages)),
      received_(std::move(received)),
      has_half_close_(has_half_close),
      timer_(loop, *this),
      keep_alive_(options.keepalive, net::EventLoop::Now(), Jitter()),
      last_received_(net::EventLoop::Now()),
      close_total_(options.close_total) {
  if (has_half_close_) reader_.AcceptEnd();
  inner_->SetHandler(this);
  RestartTimer();
}

WebSocketStream::~WebSocketStream() = default;

void WebSocketStream::OnStreamReady() {
  FlushKept();
  if (is_half_closed_) ReadControls();
  if (IsLingering()) Linger();
  if (handler_ != nullptr) handler_->OnStreamReady();  // May destroy this.
}

size_t WebSocketStream::HeldBytes() const {
  const size_t waiting = codec_ ? codec_->to_bytes.waiting() + codec_->to_frames.waiting() : 0;
  return waiting + decoded_.size();
}

std::string_view WebSocketStream::failure() const {
  return failure_.empty() ? inner_->failure() : std::string_view(failure_);
}

// ---- Reading ----

bool WebSocketStream::readable() const {
  if (!decoded_.empty()) return true;
  if (end_.status != IoStatus::kOk) return !end_was_read_;
  return kept_output_.size() <= kMostKeptOutput && (!received_.empty() || inner_->readable());
}

net::IoResult WebSocketStream::Read(base::MutableBytes buffer) {
  if (const size_t size = decoded_.Take(buffer); size != 0) return {IoStatus::kOk, size, 0};
  in_vain_ = 0;
  while (end_.status == IoStatus::kOk) {
    if (kept_output_.size() > kMostKeptOutput) return kWouldBlock;
    const auto room =
        codec_ ? buffers_.input().first(std::min(buffer.size(), buffers_.input().size())) : buffer;
    const net::IoResult got = ReadInner(room);
    if (got.status == IoStatus::kWouldBlock) return kWouldBlock;
    if (got.status != IoStatus::kOk) {
      inner_ended_ = true;
      const bool is_cut = got.status == IoStatus::kEnd;
      Fail(websocket::kCloseProtocolError,
           is_cut ? "the server ended the connection without a Close frame" : "",
           is_cut ? EPROTO : got.error);
      break;
    }
    in_vain_ += got.bytes;
    const auto in = room.first(got.bytes);
    const size_t size = codec_ ? TakeMessages(in, buffer) : TakeFrames(in);
    FlushKept();
    if (size != 0) return {IoStatus::kOk, size, 0};
    if (in_vain_ > kMostInVain) {
      Fail(websocket::kClosePolicyViolation, "the server sends frames without any payload", EPROTO);
    }
  }
  return TakeEnd();
}

net::IoResult WebSocketStream::ReadInner(base::MutableBytes buffer) {
  if (!received_.empty()) {
    const size_t size = std::min(buffer.size(), received_.size());
    std::copy_n(received_.begin(), size, buffer.begin());
    received_ =
        std::vector<uint8_t>(received_.begin() + static_cast<ptrdiff_t>(size), received_.end());
    return {IoStatus::kOk, size, 0};
  }
  const net::IoResult got = inner_->Read(buffer);
  if (got.status == IoStatus::kOk) last_received_ = net::EventLoop::Now();
  return got;
}

/// Moves the payload of all frames to the front of `in`, and returns how much that is.
size_t WebSocketStream::TakeFrames(base::MutableBytes in) {
  uint8_t* const payload = in.data();
  uint8_t* end = payload;
  while (TakesFrames()) {
    const FrameEvent event = reader_.Next(in, end);
    if (event.kind == FrameEvent::Kind::kNeedMore) break;
    if (event.kind == FrameEvent::Kind::kPayload) {
      end += event.payload.size();
    } else {
      TakeControl(event);
    }
  }
  return static_cast<size_t>(end - payload);
}

/// Writes what becomes of the messages to `out`, and returns how much that is; what is more is
/// kept.
size_t WebSocketStream::TakeMessages(base::MutableBytes in, base::MutableBytes out) {
  size_t size = 0;
  const auto put = [&](base::Bytes bytes) {
    const size_t fits = decoded_.empty() ? std::min(bytes.size(), out.size() - size) : 0;
    std::copy_n(bytes.begin(), fits, out.begin() + static_cast<ptrdiff_t>(size));
    size += fits;
    decoded_.Append(bytes.subspan(fits));
  };
  FramesToBytes& messages = codec_->to_bytes;
  while (TakesFrames()) {
    const FrameEvent event = reader_.Next(in, in.data());
    if (event.kind == FrameEvent::Kind::kNeedMore) break;
    if (event.kind != FrameEvent::Kind::kPayload) {
      TakeControl(event);
      continue;
    }
    if (!event.payload.empty()) in_vain_ = 0;
    messages.Begin(event, reader_.whole_length());
    base::Bytes payload = event.payload;
    const FramesToBytes::Step step = messages.Next(payload, {});  // Nothing is compressed.
    if (step.fault) {
      Fail(base::InfoOf(step.fault->cause).close_code,
           "the server's message is not in the framing: " + std::string(step.fault->detail),
           EPROTO);
      break;
    }
    for (const auto bytes : {step.encoded.prefix, step.encoded.payload, step.encoded.suffix}) {
      put(bytes);
    }
  }
  return size;
}

void WebSocketStream::TakeControl(const FrameEvent& event) {
  switch (event.kind) {
    case FrameEvent::Kind::kPing:
      KeepControl(Opcode::kPong, event.payload);
      break;
    case FrameEvent::Kind::kEnd:
      end_ = {IoStatus::kEnd, 0, 0};
      is_half_closed_ = true;
      break;
    case FrameEvent::Kind::kClose:
      OnPeerClose(event.payload);
      break;
    case FrameEvent::Kind::kViolation:
      Fail(base::InfoOf(CauseOf(event.violation)).close_code,
           std::string(ToString(event.violation)), EPROTO);
      break;
    default:
      break;
  }
}

void WebSocketStream::OnPeerClose(base::Bytes payload) {
  const std::optional<uint16_t> code = CodeIn(payload);
  // What answers our own Close is no news.
  const bool is_good = close_sent_ || IsGoodEnd(code);
  is_half_closed_ = false;
  if (!is_good) {
    const base::Bytes reason = payload.subspan(2);
    if (websocket::IsApplicationCloseCode(*code)) {
      peer_close_ = std::make_unique<const net::ApplicationClose>(
          net::ApplicationClose{*code, std::string(base::AsText(reason))});
    }
    failure_ = "the server closed with code " + std::to_string(*code);
    if (!reason.empty()) failure_.append(": ").append(base::AsText(reason));
  }
  end_ = is_good ? net::IoResult{IoStatus::kEnd, 0, 0} : net::IoResult{IoStatus::kError, 0, EPROTO};
  SendClose(code);
  Linger();
}

net::IoResult WebSocketStream::TakeEnd() {
  if (is_half_closed_) ReadControls();
  end_was_read_ = true;
  return end_;
}

// ---- Writing ----

bool WebSocketStream::writable() const {
  if (write_error_ != 0 || close_sent_) return true;
  return kept_output_.empty() && inner_->writable();
}

net::IoResult WebSocketStream::Write(base::Bytes bytes) {
  if (HasPeerLeft() && end_was_read_) return {IoStatus::kError, 0, EPIPE};
  if (write_error_ != 0) return {IoStatus::kError, 0, write_error_};
  // The server has closed and reads no more: it goes the way of what is sent to a socket whose peer
  // has just been closed. What ended first is told by Read.
  if (close_sent_) return {IoStatus::kOk, bytes.size(), 0};
  if (!writable()) return kWouldBlock;
  const net::IoResult written = codec_ ? WriteMessages(bytes) : WriteBytes(bytes);
  // The server's Close may be there already, and no one calls Read.
  if (written.status == IoStatus::kError && is_half_closed_) ReadControls();
  return written;
}

net::IoResult WebSocketStream::WriteBytes(base::Bytes bytes) {
  size_t total = 0;
  while (total < bytes.size() && kept_output_.empty()) {
    const base::Bytes chunk =
        bytes.subspan(total, std::min(bytes.size() - total, workspace::WebSocketBuffers::kChunk));
    const size_t size = websocket::WriteMaskedFrame(buffers_.output().data(),
                                                    StartOf(Opcode::kBinary), NewKey(), chunk);
    Send(buffers_.output().first(size));
    if (write_error_ != 0) return {IoStatus::kError, 0, write_error_};
    total += chunk.size();
  }
  return {IoStatus::kOk, total, 0};
}

net::IoResult WebSocketStream::WriteMessages(base::Bytes bytes) {
  base::Bytes in = bytes;
  MaskedBatch batch(buffers_.output());
  while (kept_output_.empty() && write_error_ == 0) {
    const framing::Decoded decoded = codec_->to_frames.Next(in);
    if (decoded.kind == framing::Decoded::Kind::kNeedMore) break;
    if (const auto fault = WriteDecoded(decoded, batch)) {
      SendBatch(batch);  // What was good goes out before the Close.
      Fail(base::InfoOf(fault->cause).close_code,
           "what was sent is not in the framing: " + std::string(fault->detail), EBADMSG);
      return {IoStatus::kError, 0, EBADMSG};
    }
  }
  SendBatch(batch);
  if (write_error_ != 0) return {IoStatus::kError, 0, write_error_};
  const size_t used = bytes.size() - in.size();
  return used == 0 ? kWouldBlock : net::IoResult{IoStatus::kOk, used, 0};
}

/// What is wrong with it, if anything.
std::optional<MessageFault> WebSocketStream::WriteDecoded(const framing::Decoded& decoded,
                                                          MaskedBatch& batch) {
  if (decoded.kind == framing::Decoded::Kind::kError) return FaultOfBackend(decoded.error);
  BytesToFrames& messages = codec_->to_frames;
  if (!messages.Begin(decoded.piece)) {
    return MessageFault{base::Cause::kInvalidUtf8, "a text message is not UTF-8"};
  }
  // Not cut into fragments for want of room that a batch has.
  if (batch.Room().size() < decoded.piece.payload.size() + kLeastMessageRoom) SendBatch(batch);
  for (;;) {
    const BytesToFrames::Filled filled = messages.Fill(batch.Room());
    if (filled.start) batch.Add(*filled.start, NewKey(), filled.size);
    if (filled.done || write_error_ != 0) return std::nullopt;
    SendBatch(batch);
  }
}

void WebSocketStream::SendBatch(MaskedBatch& batch) {
  if (!batch.empty()) Send(batch.frames());
  batch.Clear();
}

/// Sends whole frames, and keeps what the connection does not take.
void WebSocketStream::Send(base::Bytes frames) {
  if (write_error_ != 0) return;
  if (kept_output_.empty() && inner_->writable()) {
    const net::IoResult sent = inner_->Write(frames);
    if (sent.status == IoStatus::kError) {
      write_error_ = sent.error;
      return;
    }
    frames = frames.subspan(sent.bytes);
  }
  kept_output_.Append(frames);
}

/// For a ping or a pong, which FlushKept sends.
void WebSocketStream::KeepControl(Opcode opcode, base::Bytes payload) {
  if (close_sent_ || write_error_ != 0) return;
  std::array<uint8_t, websocket::kMaxClientHeader + websocket::kMaxControlPayload> frame;
  const size_t size = websocket::WriteMaskedFrame(frame.data(), StartOf(opcode), NewKey(), payload);
  kept_output_.Append(base::Bytes(frame).first(size));
}

void WebSocketStream::FlushKept() {
  if (kept_output_.empty() || !inner_->writable()) return;
  const net::IoResult sent = kept_output_.WriteTo(*inner_);
  if (sent.status != IoStatus::kError) return;
  write_error_ = sent.error;
  kept_output_.Clear();
}

size_t WebSocketStream::UnacknowledgedBytes() const {
  return inner_->UnacknowledgedBytes() + kept_output_.size();
}

uint64_t WebSocketStream::bytes_written() const {
  return inner_->bytes_written() + kept_output_.size();
}

// ---- Closing ----

void WebSocketStream::ShutdownWrite() {
  EndMessages();
  if (our_close_) {
    SendClose(our_close_->code, our_close_->reason);
  } else {
    SendClose(websocket::kCloseNormal);
  }
  // After a half-close of the server, our Close is the last of the two ends.
  is_half_closed_ = false;
  if (IsLingering()) Linger();
}

bool WebSocketStream::HalfClose() {
  if (!has_half_close_ || end_.status != IoStatus::kOk) {
    ShutdownWrite();
    return true;
  }
  EndMessages();
  KeepControl(Opcode::kEnd, {});
  FlushKept();
  return close_sent_;
}

/// What the decoder still has is the last message; if it is not whole, the Close says so.
void WebSocketStream::EndMessages() {
  if (!codec_ || close_sent_ || std::exchange(messages_ended_, true)) return;
  const framing::Decoded decoded = codec_->to_frames.End();
  MaskedBatch batch(buffers_.output());
  const auto fault = decoded.kind == framing::Decoded::Kind::kNeedMore
                         ? std::nullopt
                         : WriteDecoded(decoded, batch);
  SendBatch(batch);
  if (fault) SendClose(base::InfoOf(fault->cause).close_code);
}

void WebSocketStream::SetApplicationClose(net::ApplicationClose close) {
  our_close_ = std::make_unique<const net::ApplicationClose>(std::move(close));
}

/// After the server's half-close no one calls Read, so pings, pongs and the Close are read here.
void WebSocketStream::ReadControls() {
  size_t left = kMostDiscarded;
  while (is_half_closed_ && left != 0 && kept_output_.size() <= kMostKeptOutput) {
    const auto room =
        buffers_.input().first(std::min(left, workspace::WebSocketBuffers::kInputSize));
    const net::IoResult got = ReadInner(room);
    if (got.status == IoStatus::kWouldBlock) break;
    if (got.status != IoStatus::kOk) {
      inner_ended_ = true;
      Fail(websocket::kCloseProtocolError, "the server ended the connection without a Close frame",
           got.error != 0 ? got.error : EPROTO);
      return;
    }
    left -= got.bytes;
    TakeFrames(room.first(got.bytes));
    FlushKept();
  }
  if (write_error_ != 0 && is_half_closed_) {
    inner_ended_ = true;
    Fail(websocket::kCloseProtocolError, "", write_error_);
  }
}

void WebSocketStream::SendClose(std::optional<uint16_t> code, std::string_view reason) {
  if (std::exchange(close_sent_, true)) return;
  std::array<uint8_t, websocket::kMaxClientHeader + websocket::kMaxControlPayload> frame;
  const size_t size = websocket::WriteMaskedCloseFrame(frame.data(), NewKey(), code, reason);
  Send(base::Bytes(frame).first(size));
  close_by_ = net::EventLoop::Now() + close_total_;
  RestartTimer();
}

/// `code` is for the server, if it can still be told; the rest for whoever reads.
void WebSocketStream::Fail(uint16_t code, std::string why, int error) {
  if (end_.status != IoStatus::kOk && !is_half_closed_) return;
  failure_ = std::move(why);
  end_ = {IoStatus::kError, 0, error};
  is_half_closed_ = false;
  if (!inner_ended_) SendClose(code);
  Linger();
}

// When all is said, the connection is the server's to end. What comes meanwhile is read, lest a
// reset eat our Close.
bool WebSocketStream::IsLingering() const {
  return close_sent_ && end_.status != IoStatus::kOk && !inner_ended_ && !is_done_lingering_ &&
         write_error_ == 0;
}

void WebSocketStream::Linger() {
  size_t left = kMostDiscarded;
  while (IsLingering() && left != 0) {
    const net::IoResult got = inner_->Read(
        buffers_.input().first(std::min(left, workspace::WebSocketBuffers::kInputSize)));
    if (got.status == IoStatus::kWouldBlock) break;
    inner_ended_ = got.status != IoStatus::kOk;
    left -= got.bytes;
  }
  if (left == 0) is_done_lingering_ = true;
  if (!IsLingering()) {
    timer_.Stop();
  } else if (!std::exchange(has_begun_lingering_, true)) {
    timer_.Start(kLingerTime);
  }
}

// ---- Keep-alive ----

void WebSocketStream::OnTimer() {
  if (has_begun_lingering_) {
    is_done_lingering_ = true;
  } else if (net::EventLoop::Now() >= close_by_) {
    GiveUp("the server did not answer the Close within timeouts.close_total");
  } else if (!keep_alive_.next() || CheckPeer() != KeepAlive::Action::kGiveUp) {
    RestartTimer();
    return;
  }
  if (handler_ != nullptr) handler_->OnStreamReady();  // May destroy this.
}

KeepAlive::Action WebSocketStream::CheckPeer() {
  const size_t under_way = inner_->UnacknowledgedBytes();
  const KeepAlive::Leg leg{last_received_, inner_->readable(), kept_output_.size() + under_way,
                           TakenFrom(*inner_, under_way)};
  const KeepAlive::Action action = keep_alive_.OnTimer(net::EventLoop::Now(), leg, Jitter());
  if (action == KeepAlive::Action::kPing) {
    const uint32_t number = keep_alive_.ping_payload();
    std::array<uint8_t, sizeof(number)> payload;
    std::memcpy(payload.data(), &number, payload.size());
    KeepControl(Opcode::kPing, payload);
    FlushKept();
  } else if (action == KeepAlive::Action::kGiveUp) {
    GiveUp(close_sent_ ? "the server did not answer the Close in time"
                       : "the server did not answer a ping in time");
  }
  return action;
}

void WebSocketStream::GiveUp(std::string why) {
  inner_ended_ = true;  // Nothing more is read from it, and it is not waited for.
  Fail(websocket::kCloseProtocolError, std::move(why), ETIMEDOUT);
}

void WebSocketStream::RestartTimer() {
  const base::TimePoint next =
      std::min(keep_alive_.next().value_or(base::TimePoint::max()), close_by_);
  if (next == base::TimePoint::max()) return;
  timer_.Start(std::max(next - net::EventLoop::Now(), base::Duration(1)));
}

/// A factor of 0.9 to 1.1.
double WebSocketStream::Jitter() {
  return 0.9 + 0.2 * buffers_.random().Take<1>()[0] / 255;
}

}  // namespace sluice::leg
