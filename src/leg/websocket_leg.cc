#include "sluice/leg/websocket_leg.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sluice/websocket/close_code.h"
#include "sluice/websocket/frame.h"

#include "leg/message_sender.h"

namespace sluice::leg {
namespace {

using IoStatus = net::IoResult::Status;
using websocket::FrameEvent;
using websocket::Opcode;

/// The longest message of bytes without a framing to a server. Many servers accept no more by
/// default.
constexpr size_t kMostToServer = 64 * 1024;

/// How long a server may take to end the connection after both Closes.
constexpr base::Duration kLingerTime{1'000};

std::unique_ptr<HostWatch> NewHostWatch(Peer peer, const settings::SessionOptions& options) {
  if (peer == Peer::kClient) return nullptr;
  return std::make_unique<HostWatch>(options.keepalive.backend_timeout, net::EventLoop::Now());
}

Output OutputOf(FrameOutput::Status status) {
  if (status == IoStatus::kError) return {.status = Output::Status::kBroken};
  return {};
}

PeerClose CloseIn(base::Bytes payload, bool is_answer) {
  if (payload.size() < 2) return {.is_answer = is_answer};
  return {static_cast<uint16_t>(payload[0] << 8 | payload[1]),
          std::string(base::AsText(payload.subspan(2))), is_answer};
}

}  // namespace

WebSocketLeg::WebSocketLeg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream,
                           Setup setup, base::Bytes received)
    : Leg(workspace, LegStream(std::move(stream), LegStream::Content::kFrames, received)),
      reader_(
          setup.codec && setup.codec->to_bytes.has_compression(),
          setup.peer == Peer::kClient ? websocket::Sender::kClient : websocket::Sender::kServer),
      output_(FrameEncoder(setup.peer == Peer::kServer ? &workspace.random_bytes : nullptr)),
      codec_(std::move(setup.codec)),
      metrics_(setup.metrics),
      keep_alive_(setup.options.keepalive, net::EventLoop::Now(), workspace.Jitter()),
      host_watch_(NewHostWatch(setup.peer, setup.options)),
      last_received_(net::EventLoop::Now()),
      options_(setup.options),
      has_half_close_(setup.has_half_close) {
  holds_messages_ = codec_ != nullptr;
  if (has_half_close_) reader_.AcceptEnd();
}

void WebSocketLeg::SendHead(std::string_view head) {
  net::IoResult sent;
  if (stream_.net().writable()) sent = stream_.net().Write(base::AsBytes(head));
  if (sent.status == IoStatus::kError) {
    Broken();
  } else if (sent.bytes < head.size()) {
    output_.QueueHead(head.substr(sent.bytes));
    has_output_ = true;
  }
}

std::string_view WebSocketLeg::failure() const {
  switch (failure_) {
    case Failure::kNone:
      break;
    case Failure::kNoClose:
      return "the server ended the connection without a Close frame";
    case Failure::kNoPong:
      return "the server did not answer a ping in time";
    case Failure::kNoAnswer:
      return "the server did not answer the Close within timeouts.close_total";
  }
  return Leg::failure();
}

// ---- From the peer ----

Input WebSocketLeg::Read(size_t limit) {
  Input input = stream_.Read(workspace_.buffers.scratch(), limit);
  if (input.status == Input::Status::kEnd && !is_input_over_) {
    input.status = Input::Status::kLost;
    failure_ = Failure::kNoClose;
  }
  if (input.status != Input::Status::kOk) return input;
  if (input.received != 0) last_received_ = net::EventLoop::Now();
  const base::MutableBytes bytes = std::exchange(input.payload, {});
  if (is_input_over_) return input;
  if (codec_) {
    ParseMessages(bytes, limit, input);
  } else {
    ParseFrames(bytes, input);
  }
  return input;
}

/// Moves the payload of all frames together, unmasked, in the place where it was received.
void WebSocketLeg::ParseFrames(base::MutableBytes bytes, Input& input) {
  uint8_t* const payload = bytes.data();
  uint8_t* end = payload;
  while (!is_input_over_) {
    const FrameEvent event = reader_.Next(bytes, end);
    if (event.kind == FrameEvent::Kind::kNeedMore) break;
    input.cost += kFrameCost;
    if (event.kind == FrameEvent::Kind::kPayload) {
      end += event.payload.size();
      if (event.begins_message) CountMessage(metrics::Direction::kToBackend);
    } else {
      OnControl(event, input);
    }
  }
  input.payload = {payload, end};
}

/// Writes what the framing makes of the messages to a buffer. What does not fit there is kept for
/// the next call: a compressed message may become far more than was read. `limit` bounds what is
/// inflated, but for one step.
void WebSocketLeg::ParseMessages(base::MutableBytes bytes, size_t limit, Input& input) {
  FramesToBytes& messages = codec_->to_bytes;
  const base::MutableBytes out = workspace_.buffers.decoded();
  base::Bytes payload = bytes.first(std::exchange(codec_->unread_payload, 0));
  bytes = bytes.subspan(payload.size());
  size_t size = 0;
  size_t inflated = 0;
  while (!is_input_over_) {
    if (!messages.done()) {
      const size_t room = messages.RoomFor(payload);
      if (out.size() - size < room || inflated >= limit) {
        stream_.Unread(payload, bytes);
        codec_->unread_payload = payload.size();
        break;
      }
      const size_t most = messages.has_compression() ? std::max(limit, room) : out.size();
      const FramesToBytes::Step step =
          messages.Next(payload, out.subspan(size, std::min(out.size() - size, most)));
      size += step.size;
      inflated += step.inflated;
      if (step.fault) OnFault(*step.fault, input);
      continue;
    }
    const FrameEvent event = reader_.Next(bytes, bytes.data());
    if (event.kind == FrameEvent::Kind::kNeedMore) break;
    input.cost += kFrameCost;
    if (event.kind == FrameEvent::Kind::kPayload) {
      if (event.begins_message) CountMessage(metrics::Direction::kToBackend);
      messages.Begin(event, reader_.whole_length());
      payload = event.payload;
    } else {
      OnControl(event, input);
    }
  }
  input.payload = out.first(size);
  input.received += inflated;
  input.cost += inflated;
}

void WebSocketLeg::OnControl(const FrameEvent& event, Input& input) {
  switch (event.kind) {
    case FrameEvent::Kind::kPing:
      if (!output_.HasRoomForPong()) Flush();
      output_.RequestPong(event.payload);
      has_output_ = true;
      break;
    case FrameEvent::Kind::kPong:
      if (const auto rtt = keep_alive_.OnPong(event.payload, std::chrono::steady_clock::now());
          rtt && metrics_ != nullptr) {
        metrics_->ping_rtt.Observe(std::chrono::duration<double>(*rtt).count());
      }
      break;
    case FrameEvent::Kind::kEnd:
      input.status = Input::Status::kHalfClosed;
      break;
    case FrameEvent::Kind::kClose:
      peer_close_ =
          std::make_unique<const PeerClose>(CloseIn(event.payload, output_.is_close_requested()));
      input.status = Input::Status::kClose;
      is_input_over_ = true;
      break;
    case FrameEvent::Kind::kViolation:
      OnFault({CauseOf(event.violation), ToString(event.violation)}, input);
      break;
    case FrameEvent::Kind::kNeedMore:
    case FrameEvent::Kind::kPayload:
      break;
  }
  if (is_input_over_ && !is_peer_server()) output_.EndAfterClose();
}

void WebSocketLeg::OnFault(const MessageFault& fault, Input& input) {
  input.status = Input::Status::kFault;
  input.fault = fault;
  is_input_over_ = true;
}

void WebSocketLeg::CountMessage(metrics::Direction direction) {
  if (metrics_ != nullptr) metrics_->in(direction).messages.Add();
}

// ---- To the peer ----

Output WebSocketLeg::Sent(const Output& output) {
  has_output_ = !output_.idle();
  return output.status == Output::Status::kBroken ? Broken() : output;
}

Output WebSocketLeg::Send(base::MutableBytes payload) {
  if (output_.is_close_requested()) return {};
  if (codec_) return Sent(NewSender().Send(payload));
  CountMessage(metrics::Direction::kToClient);
  const size_t most = is_peer_server() ? kMostToServer : payload.size();
  Output output;
  while (!payload.empty() && output.status == Output::Status::kOk) {
    const size_t size = std::min(payload.size(), most);
    output = Sent(OutputOf(output_.SendMessage(stream_.net(), payload.first(size))));
    payload = payload.subspan(size);
  }
  return output;
}

bool WebSocketLeg::CanSendPipe() const {
  return !codec_ && !is_peer_server() && output_.idle() && stream_.net().writable() &&
         stream_.net().can_splice();
}

Output WebSocketLeg::SendPipe(net::PipePool::Lent pipe) {
  CountMessage(metrics::Direction::kToClient);
  return Sent(OutputOf(output_.SendSpliced(stream_.net(), std::move(pipe))));
}

Output WebSocketLeg::Flush() {
  if (stream_.is_broken()) output_.Clear();
  if (!output_.idle() && !stream_.net().writable()) return {};
  return Sent(OutputOf(output_.Flush(stream_.net())));
}

Output WebSocketLeg::EndMessages() {
  if (!codec_ || stream_.is_broken() || std::exchange(has_ended_messages_, true) ||
      output_.is_close_requested()) {
    return {};
  }
  return Sent(NewSender().End());
}

MessageSender WebSocketLeg::NewSender() {
  metrics::Counter* const counter =
      metrics_ != nullptr ? &metrics_->in(metrics::Direction::kToClient).messages : nullptr;
  return MessageSender(
      {stream_.net(), output_, codec_->to_frames, workspace_.buffers.output(), counter});
}

// ---- The end ----

void WebSocketLeg::RequestEnd() {
  if (std::exchange(is_end_requested_, true)) return;
  if (has_half_close_ && !is_input_over_) {
    output_.RequestEnd();
    has_output_ = true;
  } else {
    RequestClose(websocket::kCloseNormal, {});
  }
}

void WebSocketLeg::RequestClose(std::optional<uint16_t> code, std::string_view reason) {
  if (stream_.is_broken() || output_.is_close_requested()) return;
  output_.RequestClose(code, reason);
  has_output_ = true;
  if (is_peer_server()) gives_up_at_ = net::EventLoop::Now() + options_.close_total;
}

bool WebSocketLeg::PrepareShutDown() {
  const bool is_input_ended = is_input_over_ || stream_.has_ended();
  if (!is_input_ended || !output_.idle()) return false;
  if (!is_peer_server() || stream_.has_ended()) return true;
  // The server is the first to end the connection.
  if (!std::exchange(is_lingering_, true)) gives_up_at_ = net::EventLoop::Now() + kLingerTime;
  if (net::EventLoop::Now() < gives_up_at_) return false;
  stream_.StopReading();
  return true;
}

// ---- Time ----

base::TimePoint WebSocketLeg::NextCheck() const {
  return std::min({keep_alive_.next().value_or(base::TimePoint::max()), gives_up_at_,
                   host_watch_ ? host_watch_->next_check() : base::TimePoint::max()});
}

Leg::Liveness WebSocketLeg::Check(base::TimePoint now, base::TimePoint last_payload) {
  if (now >= gives_up_at_) {
    failure_ = Failure::kNoAnswer;
    return Liveness::kSilent;
  }
  if (host_watch_ && host_watch_->CheckSilent(stream_.net(), now)) return Liveness::kSilent;
  if (const auto next = keep_alive_.next(); !next || now < *next) return Liveness::kAlive;
  const LegStream::Progress sent = stream_.progress();
  const KeepAlive::Seen seen{last_received_, stream_.net().readable(),
                             output_.size() + sent.under_way, sent.taken};
  switch (keep_alive_.OnTimer(now, seen, workspace_.Jitter())) {
    case KeepAlive::Action::kNone:
      break;
    case KeepAlive::Action::kPing:
      // Half an interval: the first ping may come 0.9 intervals after the leg was created.
      if (codec_ && now - last_payload >= options_.keepalive.ping_interval / 2) {
        codec_->to_frames.Release();
      }
      output_.RequestPing(keep_alive_.ping_payload());
      has_output_ = true;
      keep_alive_.OnPingSent(std::chrono::steady_clock::now());
      if (metrics_ != nullptr) metrics_->pings_sent.Add();
      break;
    case KeepAlive::Action::kGiveUp:
      failure_ = Failure::kNoPong;
      return Liveness::kNoPong;
  }
  return Liveness::kAlive;
}

}  // namespace sluice::leg
