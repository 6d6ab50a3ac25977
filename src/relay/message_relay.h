// What a session has more if its messages mean something: a framing other than `stream`, text for
// the client, or compression. Between the frames of the client and the bytes of the backend, each
// way:
//
//   to_backend   FrameEvent ─► Inflater ─► UTF-8 ─► framing::Encoder ─► bytes
//   to_client    bytes ─► framing::Decoder ─► UTF-8 ─► Deflater ─► payload of frames
//
// It knows neither streams nor queues: the session drives it (session_messages.cc), piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/config/types.h"
#include "sluice/framing/decoder.h"
#include "sluice/framing/encoder.h"
#include "sluice/websocket/deflate_negotiation.h"
#include "sluice/websocket/deflater.h"
#include "sluice/websocket/frame_reader.h"
#include "sluice/websocket/inflater.h"
#include "sluice/websocket/utf8.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::relay {

/// What ends the session, and what the log says of it beside.
struct MessageFault {
  base::Cause cause;
  std::string_view detail;
};

/// The client's messages on their way to the backend.
class MessagesToBackend {
 public:
  struct Step {
    std::optional<MessageFault> fault = std::nullopt;
    framing::Encoded encoded = {};
    size_t inflated = 0;  ///< bytes that were made of compressed ones
  };

  /// The encoder is null for `stream`, the inflater without compression.
  MessagesToBackend(std::unique_ptr<framing::Encoder> encoder,
                    std::unique_ptr<websocket::Inflater> inflater)
      : encoder_(std::move(encoder)), inflater_(std::move(inflater)) {}

  bool has_compression() const { return inflater_ != nullptr; }

  /// The next piece of a message has come: a kPayload, with what the reader knows of its length.
  void Begin(const websocket::FrameEvent& event, std::optional<uint64_t> whole_length);
  /// Whether nothing is left to do for that piece.
  bool done() const { return !under_way_; }
  /// Takes bytes of it from the front of `payload`. Compressed, they are inflated to `room`, so
  /// that a step yields no more than fits in there, or one assembled message.
  Step Next(base::Bytes& payload, base::MutableBytes room);

  /// Keeps what has been read and cannot be taken yet: the rest of the piece under way, and the
  /// frames behind it. Never more than one read.
  void Hold(base::Bytes payload, base::Bytes frames);
  bool is_holding() const { return is_holding_; }
  struct Held {
    std::vector<uint8_t> bytes;
    size_t payload;  ///< how many of them are the piece's
  };
  Held TakeHeld();

  /// Bytes that wait here: held, or of a message that is not whole.
  size_t waiting() const { return held_.bytes.size() + (encoder_ ? encoder_->held() : 0); }

 private:
  Step Encode(base::Bytes payload, bool ends_message);

  const std::unique_ptr<framing::Encoder> encoder_;
  const std::unique_ptr<websocket::Inflater> inflater_;
  websocket::Utf8Validator utf8_;  // Of what was inflated.
  // The piece under way; its payload is the caller's.
  websocket::FrameEvent event_;
  std::optional<uint64_t> whole_length_;
  bool under_way_ = false;
  bool begins_message_ = false;  // Nothing of the message has been encoded yet.

  bool is_holding_ = false;
  Held held_{};
};

/// The backend's messages on their way to the client.
class MessagesToClient {
 public:
  /// The decoder is null for `stream` of binary, the deflater without compression.
  MessagesToClient(std::unique_ptr<framing::Decoder> decoder,
                   std::unique_ptr<websocket::Deflater> deflater, size_t min_size)
      : decoder_(std::move(decoder)), deflater_(std::move(deflater)), min_size_(min_size) {}

  /// As the decoder; without one, all of `in` is a message.
  framing::Decoded Next(base::Bytes& in);
  framing::Decoded End();

  /// Begins with a piece. Not true: its text is not UTF-8.
  [[nodiscard]] bool Begin(const framing::MessagePiece& piece);
  struct Filled {
    size_t size;                   ///< bytes of the frame's payload
    bool done;                     ///< nothing is left of the piece
    std::optional<uint8_t> start;  ///< the frame's first byte; unset: no frame is due
  };
  /// Writes payload of the next frame to `room`, which has room for Deflater::kMinOutput or more.
  Filled Fill(base::MutableBytes room);

  /// The session is idle: lets go of what can be made anew.
  void Release();

  /// Bytes of a message that is not whole.
  size_t waiting() const { return decoder_ ? decoder_->held() : 0; }

 private:
  uint8_t StartByte(bool fin);

  const std::unique_ptr<framing::Decoder> decoder_;
  const std::unique_ptr<websocket::Deflater> deflater_;
  const size_t min_size_;
  websocket::Utf8Validator utf8_;
  framing::MessagePiece piece_;  // Its payload is what is left of it.
  bool compresses_ = false;      // This message.
  bool is_begun_ = false;        // A frame of this message has been made.
};

/// The last that a client says: a Close with its code, or what breaks the framing.
struct LastFrame {
  std::optional<uint16_t> close_code = std::nullopt;
  std::optional<MessageFault> fault = std::nullopt;
};

/// Both, for one session.
struct MessageRelay {
  /// Null if messages mean nothing: `stream` of binary without compression. `type` overrides the
  /// one of `lines`.
  static std::unique_ptr<MessageRelay> New(
      websocket::ZlibPool& pool, const config::SessionOptions& options,
      const std::optional<websocket::DeflateAgreement>& agreement,
      std::optional<config::MessageType> type = std::nullopt);

  MessagesToBackend to_backend;
  MessagesToClient to_client;
  /// Whether there is a framing, so that the backend answers messages, not bytes.
  bool has_framing = false;
  LastFrame last_frame = {};           ///< in the state kAnswering
  base::TimePoint answers_until = {};  ///< when that is over at the latest
};

/// What an error of the framing is to the session, by who sent the message.
MessageFault FaultOfClient(framing::FramingError error);
MessageFault FaultOfBackend(framing::FramingError error);

}  // namespace sluice::relay
