// A leg that is a WebSocket (RFC 6455), in either role: the server for a client, or the client of a
// server that speaks WebSocket itself. The payload of messages is the payload of the session; with
// a MessageCodec it is what the framing makes of the messages.
//
// The leg handles control frames: it answers pings, sends pings, and reports a Close. The session
// decides when a Close is sent. After both Closes the server ends the connection first (section
// 7.1.1): as the server the leg shuts down and reads to the end, so that no reset destroys the last
// bytes; as the client it waits for the server, for a second at most.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/leg/frame_output.h"
#include "sluice/leg/host_watch.h"
#include "sluice/leg/keep_alive.h"
#include "sluice/leg/leg.h"
#include "sluice/leg/message_codec.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/settings/session_options.h"
#include "sluice/websocket/frame_reader.h"

namespace sluice::leg {

class MessageSender;

/// What a frame costs of a turn's budget besides its bytes (Input::cost): a megabyte of empty
/// frames would keep a worker busy for ten milliseconds.
inline constexpr size_t kFrameCost = 64;

/// The peer of a leg.
enum class Peer : uint8_t { kClient, kServer };

class WebSocketLeg final : public Leg {
 public:
  struct Setup {
    Peer peer;
    const settings::SessionOptions& options;        ///< outlives the leg
    std::unique_ptr<MessageCodec> codec = nullptr;  ///< null: bytes pass as they are
    bool has_half_close = false;                    ///< as agreed (websocket/half_close.h)
    /// Counts messages and pings of a client; outlives the leg. Null for a server.
    metrics::RouteMetrics* metrics = nullptr;
  };

  /// `received` are the bytes that followed the handshake.
  WebSocketLeg(workspace::Workspace& workspace, std::unique_ptr<net::Stream> stream, Setup setup,
               base::Bytes received = {});

  /// Sends `head`, the answer to the handshake. Nothing was sent before.
  void SendHead(std::string_view head);

  Input Read(size_t limit) override;
  const PeerClose* peer_close() const override { return peer_close_.get(); }
  std::string_view failure() const override;

  Output Send(base::MutableBytes payload) override;
  bool CanSendPipe() const override;
  Output SendPipe(net::PipePool::Lent pipe) override;
  Output Flush() override;
  Output EndMessages() override;
  bool HasRoom() const override {
    return output_.size() < workspace::kQueueMark / 2 && !output_.is_splicing();
  }

  bool has_close_codes() const override { return true; }
  void RequestEnd() override;
  void RequestClose(std::optional<uint16_t> code, std::string_view reason) override;

  base::TimePoint NextCheck() const override;
  Liveness Check(base::TimePoint now, base::TimePoint last_payload) override;
  base::TimePoint gives_up_at() const override { return gives_up_at_; }

 private:
  /// What a server has failed to do.
  enum class Failure : uint8_t { kNone, kNoClose, kNoPong, kNoAnswer };

  bool is_peer_server() const { return output_.encoder().is_client(); }

  void ParseFrames(base::MutableBytes bytes, Input& input);
  void ParseMessages(base::MutableBytes bytes, size_t limit, Input& input);
  void OnControl(const websocket::FrameEvent& event, Input& input);
  void OnFault(const MessageFault& fault, Input& input);
  void CountMessage(metrics::Direction direction);

  size_t QueuedBytes() const override { return output_.size(); }
  Held HeldMessages() const override {
    return {stream_.unread() + codec_->to_bytes.waiting(), codec_->to_frames.waiting()};
  }

  /// Notes whether something waits after it was sent, and whether the connection is broken.
  Output Sent(const Output& output);
  MessageSender NewSender();
  void DropOutput() override { output_.Clear(); }
  bool PrepareShutDown() override;

  websocket::FrameReader reader_;
  FrameOutput output_;
  const std::unique_ptr<MessageCodec> codec_;
  std::unique_ptr<const PeerClose> peer_close_;
  metrics::RouteMetrics* const metrics_;

  KeepAlive keep_alive_;
  const std::unique_ptr<HostWatch> host_watch_;  // Null for a client, which pings watch.
  base::TimePoint last_received_;
  // As the client: when the leg no longer waits for the server's Close, or for the end after it.
  base::TimePoint gives_up_at_ = base::TimePoint::max();
  const settings::SessionOptions& options_;
  const bool has_half_close_;
  bool is_input_over_ = false;  // A Close was read, or bytes that cannot be understood.
  bool has_ended_messages_ = false;
  bool is_lingering_ = false;
  Failure failure_ = Failure::kNone;
};

}  // namespace sluice::leg
