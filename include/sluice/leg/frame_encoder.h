// Writes the frames of either end of a WebSocket (RFC 6455 section 5). A client masks its frames, a
// server does not.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/net/random.h"
#include "sluice/websocket/frame.h"
#include "sluice/websocket/frame_writer.h"
#include "sluice/websocket/mask.h"

namespace sluice::leg {

/// Room for the header of a frame that the caller leaves before its payload.
inline constexpr size_t kHeaderRoom = websocket::kMaxClientHeader;

/// Belongs to one thread.
class FrameEncoder {
 public:
  /// `keys` is the source of a client's mask keys and outlives the encoder. Null: the frames are
  /// those of a server.
  explicit FrameEncoder(net::RandomBytes* keys = nullptr) : keys_(keys) {}

  bool is_client() const { return keys_ != nullptr; }

  /// Writes the header directly before `payload`, which has kHeaderRoom bytes of room there, and
  /// masks the payload in place. `start` is the first byte of the frame. Returns the frame.
  base::MutableBytes Complete(uint8_t start, base::MutableBytes payload) const {
    uint8_t* frame = payload.data() - websocket::ServerHeaderSize(payload.size());
    if (is_client()) {
      frame -= websocket::kMaskSize;
      websocket::WriteMaskedFrame(frame, start, NewKey(), payload);
    } else {
      websocket::WriteServerHeader(frame, websocket::Opcode::kBinary, payload.size());
      frame[0] = start;
    }
    return {frame, payload.data() + payload.size()};
  }

  /// Appends a ping, a pong or an End frame to `out`. `payload` has at most kMaxControlPayload
  /// bytes.
  void AppendControl(std::string& out, websocket::Opcode opcode, base::Bytes payload) const {
    ControlFrame frame;
    Append(out, frame,
           is_client() ? websocket::WriteMaskedFrame(frame.data(), websocket::StartOf(opcode),
                                                     NewKey(), payload)
                       : websocket::WriteControlFrame(frame.data(), opcode, payload));
  }

  /// Appends a Close frame with `code` and `reason`, or an empty one without a code.
  void AppendClose(std::string& out, std::optional<uint16_t> code, std::string_view reason) const {
    ControlFrame frame;
    Append(out, frame,
           is_client() ? websocket::WriteMaskedCloseFrame(frame.data(), NewKey(), code, reason)
                       : websocket::WriteCloseFrame(frame.data(), code, reason));
  }

 private:
  using ControlFrame =
      std::array<uint8_t, websocket::kMaxServerControlFrame + websocket::kMaxClientHeader>;

  static void Append(std::string& out, const ControlFrame& frame, size_t size) {
    out.append(base::AsText(base::Bytes(frame).first(size)));
  }
  /// Each frame has a key that its sender cannot foresee (section 5.3).
  websocket::MaskKey NewKey() const { return keys_->Take<websocket::kMaskSize>(); }

  net::RandomBytes* keys_;
};

}  // namespace sluice::leg
