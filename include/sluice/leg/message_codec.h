// The state of a leg whose messages are interpreted: a framing other than `stream`, text for the
// peer, or compression. A leg on which bytes pass as they are has none.
//
//   FramesToBytes   FrameEvent ─► Inflater ─► UTF-8 ─► framing::Encoder ─► bytes
//   BytesToFrames   bytes ─► framing::Decoder ─► UTF-8 ─► Deflater ─► payload of frames
//
// Pure: the owner of the leg drives both, piece by piece. A WebSocket of a client turns frames that
// it receives into bytes for the backend; a WebSocket to a backend does the same the other way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/framing/decoder.h"
#include "sluice/framing/encoder.h"
#include "sluice/leg/message_fault.h"
#include "sluice/settings/framing.h"
#include "sluice/settings/session_options.h"
#include "sluice/websocket/deflate_negotiation.h"
#include "sluice/websocket/deflater.h"
#include "sluice/websocket/frame_reader.h"
#include "sluice/websocket/inflater.h"
#include "sluice/websocket/utf8.h"
#include "sluice/websocket/zlib_pool.h"
#include "sluice/workspace/buffers.h"

namespace sluice::leg {

/// Turns the messages that a WebSocket receives into bytes.
class FramesToBytes {
 public:
  /// What one step has done.
  struct Step {
    std::optional<MessageFault> fault = std::nullopt;
    size_t size = 0;      ///< bytes written
    size_t inflated = 0;  ///< bytes that compressed ones became
  };

  /// The encoder is null for `stream`, the inflater without compression.
  FramesToBytes(std::unique_ptr<framing::Encoder> encoder,
                std::unique_ptr<websocket::Inflater> inflater)
      : encoder_(std::move(encoder)), inflater_(std::move(inflater)) {}

  bool has_compression() const { return inflater_ != nullptr; }

  /// Begins with the next piece of a message: a kPayload, and the message's length if the reader
  /// knows it.
  void Begin(const websocket::FrameEvent& event, std::optional<uint64_t> whole_length);
  /// Returns true if nothing is left of that piece.
  bool done() const { return !under_way_ && encoded_size() == 0; }
  /// Returns the room that the next step needs, at most kMostRoom.
  size_t RoomFor(base::Bytes payload) const;
  /// Consumes bytes of the piece from the front of `payload`, and writes what they become to `out`,
  /// which has RoomFor(payload) bytes or more. The memory of `payload` and `out` is distinct.
  Step Next(base::Bytes& payload, base::MutableBytes out);

  /// What a piece of one read may need: its bytes, and those that a framing adds.
  static constexpr size_t kMostRoom = workspace::kQueueMark + 64;

  /// Bytes that wait here: of an incomplete message, or of one that is being written.
  size_t waiting() const { return encoded_size() + (encoder_ ? encoder_->held() : 0); }

 private:
  framing::Encoded Encode(base::Bytes payload, bool ends_message);
  size_t encoded_size() const {
    return encoded_.prefix.size() + encoded_.payload.size() + encoded_.suffix.size();
  }
  size_t WriteEncoded(base::MutableBytes out);

  const std::unique_ptr<framing::Encoder> encoder_;
  const std::unique_ptr<websocket::Inflater> inflater_;
  websocket::Utf8Validator utf8_;  // Of what was inflated.
  // The piece under way; its payload is the caller's.
  websocket::FrameEvent event_;
  std::optional<uint64_t> whole_length_;
  bool under_way_ = false;
  bool begins_message_ = false;  // Nothing of the message has been encoded yet.
  // Not empty between two steps only if the encoder has assembled a message.
  framing::Encoded encoded_;
};

/// Turns bytes into the messages that a WebSocket sends.
class BytesToFrames {
 public:
  /// The decoder is null for `stream` of binary, the deflater without compression.
  BytesToFrames(std::unique_ptr<framing::Decoder> decoder,
                std::unique_ptr<websocket::Deflater> deflater, size_t min_size)
      : decoder_(std::move(decoder)), deflater_(std::move(deflater)), min_size_(min_size) {}

  /// As the decoder; without one, all of `in` is a message.
  framing::Decoded Next(base::Bytes& in);
  framing::Decoded End();

  /// Begins with a piece. Returns false if its text is not UTF-8.
  [[nodiscard]] bool Begin(const framing::MessagePiece& piece);
  struct Filled {
    size_t size;                   ///< bytes of the frame's payload
    bool done;                     ///< nothing is left of the piece
    std::optional<uint8_t> start;  ///< the frame's first byte; unset: no frame is due
  };
  /// Writes payload of the next frame to `room`, which has at least Deflater::kMinOutput bytes.
  Filled Fill(base::MutableBytes room);

  /// Releases what can be created again: the session is idle.
  void Release();

  /// Bytes of an incomplete message.
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

/// Both, for one leg.
struct MessageCodec {
  /// Returns null if bytes pass as they are: `stream` of binary without compression. `type`
  /// overrides the one of `lines`. `pool` and `options` outlive the codec.
  static std::unique_ptr<MessageCodec> New(
      websocket::ZlibPool& pool, const settings::SessionOptions& options,
      const std::optional<websocket::DeflateAgreement>& agreement,
      std::optional<settings::MessageType> type = std::nullopt);

  FramesToBytes to_bytes;
  BytesToFrames to_frames;
  /// Bytes that the leg has read and keeps, at the front of what it keeps, that are payload of the
  /// piece under way.
  size_t unread_payload = 0;
};

}  // namespace sluice::leg
