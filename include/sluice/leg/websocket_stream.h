// A net::Stream that is a WebSocket over another stream, in the client's role: to a backend that
// speaks WebSocket itself. A sibling of tls::Stream: what is read is payload, what is written
// becomes masked frames, and the control frames are its own business.
//
// Under the framing `stream` bytes mean nothing: they are written in messages as they come. Under
// any other, what is written is decoded into messages and what is read is encoded from them, so
// that a line, or a message with its length before it, is one message of the WebSocket.
//
// A WebSocket has no half-close, unless the server knows our extension (websocket/half_close.h).
// ShutdownWrite sends a Close; what the server still sends before its own can be read, for
// timeouts.close_total at most. When both are there, the server is left to end the connection
// first, as RFC 6455 section 7.1.1 has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/leg/keep_alive.h"
#include "sluice/leg/message_codec.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/stream.h"
#include "sluice/settings/session_options.h"
#include "sluice/websocket/frame_reader.h"
#include "sluice/workspace/websocket_buffers.h"

namespace sluice::leg {

class MaskedBatch;

/// UnacknowledgedBytes and bytes_written count the bytes of frames. An end of the connection
/// without a Close is an error: its bytes may have no end of their own.
class WebSocketStream final : public net::Stream,
                              private net::StreamHandler,
                              private net::TimerHandler {
 public:
  /// `inner` is upgraded; `received` is what came behind the head of the answer. `messages` is null
  /// if they mean nothing. `has_half_close` is as agreed. The loop, the buffers and `options`
  /// outlive the stream.
  WebSocketStream(net::EventLoop& loop, std::unique_ptr<net::Stream> inner,
                  workspace::WebSocketBuffers& buffers, const settings::SessionOptions& options,
                  std::unique_ptr<MessageCodec> messages, std::vector<uint8_t> received,
                  bool has_half_close = false);
  ~WebSocketStream() override;

  void SetHandler(net::StreamHandler* handler) override { handler_ = handler; }
  net::IoResult Read(base::MutableBytes buffer) override;
  /// The error EBADMSG says that the bytes are not in the framing; `failure` says what is wrong.
  net::IoResult Write(base::Bytes bytes) override;
  void ShutdownWrite() override;
  bool HalfClose() override;
  bool HasPeerLeft() const override { return !TakesFrames(); }
  void SetApplicationClose(net::ApplicationClose close) override;
  const net::ApplicationClose* application_close() const override { return peer_close_.get(); }
  bool HasUnsent() const override { return !kept_output_.empty() || IsLingering(); }
  size_t UnacknowledgedBytes() const override;
  uint64_t bytes_written() const override;
  bool IsPeerSilent(base::Duration timeout) const override { return inner_->IsPeerSilent(timeout); }
  bool HasPeerEnded() const override { return inner_->HasPeerEnded(); }
  bool IsReset() const override { return inner_->IsReset(); }
  size_t HeldBytes() const override;
  void ProbeWhileIdle(base::Duration timeout) override { inner_->ProbeWhileIdle(timeout); }
  std::string_view failure() const override;
  const net::TlsState* tls() const override { return inner_->tls(); }
  net::TlsDetails DescribeTls() const override { return inner_->DescribeTls(); }
  net::Address LocalAddress() const override { return inner_->LocalAddress(); }
  bool readable() const override;
  bool writable() const override;

 private:
  void OnStreamReady() override;
  void OnTimer() override;

  net::IoResult ReadInner(base::MutableBytes buffer);
  size_t TakeFrames(base::MutableBytes in);
  size_t TakeMessages(base::MutableBytes in, base::MutableBytes out);
  /// Whether frames are parsed: until the Close or a failure.
  bool TakesFrames() const { return end_.status == net::IoResult::Status::kOk || is_half_closed_; }
  void TakeControl(const websocket::FrameEvent& event);
  void ReadControls();
  void EndMessages();
  void OnPeerClose(base::Bytes payload);
  net::IoResult TakeEnd();

  net::IoResult WriteBytes(base::Bytes bytes);
  net::IoResult WriteMessages(base::Bytes bytes);
  std::optional<MessageFault> WriteDecoded(const framing::Decoded& decoded, MaskedBatch& batch);
  void SendBatch(MaskedBatch& batch);
  void Send(base::Bytes frames);
  void KeepControl(websocket::Opcode opcode, base::Bytes payload);
  void FlushKept();
  websocket::MaskKey NewKey() { return buffers_.random().Take<websocket::kMaskSize>(); }

  void SendClose(std::optional<uint16_t> code, std::string_view reason = {});
  void Fail(uint16_t code, std::string why, int error);
  bool IsLingering() const;
  void Linger();
  void RestartTimer();
  KeepAlive::Action CheckPeer();
  void GiveUp(std::string why);
  double Jitter();

  std::unique_ptr<net::Stream> inner_;
  workspace::WebSocketBuffers& buffers_;
  net::StreamHandler* handler_ = nullptr;

  websocket::FrameReader reader_;
  std::unique_ptr<MessageCodec> codec_;  // Null if they mean nothing.
  std::vector<uint8_t> received_;        // Frames that came before there was this stream.
  net::ByteQueue decoded_;               // Made of what was read, and not asked for yet.
  net::ByteQueue kept_output_;           // Frames that the connection does not take yet.

  net::IoResult end_;  // What stands behind the last byte to read; kOk while that is not known.
  bool end_was_read_ = false;
  const bool has_half_close_;
  bool is_half_closed_ = false;  // By the server: it sends control frames, and takes payload.
  bool messages_ended_ = false;  // No message is to be written any more.
  bool inner_ended_ = false;
  bool close_sent_ = false;  // Or it is kept.
  bool has_begun_lingering_ = false;
  bool is_done_lingering_ = false;
  size_t in_vain_ = 0;   // Received by the read under way without any payload coming of it.
  int write_error_ = 0;  // An errno: the connection takes nothing any more.
  std::string failure_;
  std::unique_ptr<const net::ApplicationClose> our_close_;   // Null: a plain one.
  std::unique_ptr<const net::ApplicationClose> peer_close_;  // Likewise.

  net::Timer timer_;
  KeepAlive keep_alive_;
  base::TimePoint last_received_;
  const base::Duration close_total_;
  base::TimePoint close_by_ = base::TimePoint::max();  // When the server must have sent its Close.
};

}  // namespace sluice::leg
