// Parses the frames of a peer (RFC 6455 section 5): a client's as a server must, a server's as a
// client must. Every violation is detected and named. Headers are parsed and payload is unmasked in
// place; only an incomplete header or control frame is stored. Payload is returned as it arrives:
// no message is ever assembled, so an announced length costs no memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/cause.h"
#include "sluice/websocket/frame.h"
#include "sluice/websocket/mask.h"
#include "sluice/websocket/utf8.h"

namespace sluice::websocket {

/// The rules that a peer can violate.
enum class Violation : uint8_t {
  kNone,
  kReservedBits,            // 5.2: no extension was negotiated that gives them a meaning
  kReservedOpcode,          // 5.2
  kUnmasked,                // 5.1: by a client
  kMasked,                  // 5.1: by a server
  kLengthNotMinimal,        // 5.2
  kLengthTooLarge,          // 5.2: the highest bit of a 64-bit length is set
  kControlTooLong,          // 5.5
  kControlFragmented,       // 5.5
  kContinuationUnexpected,  // 5.4: no message is under way
  kMessageInterrupted,      // 5.4: a message is under way
  kCloseTruncated,          // 5.5.1: a payload of one byte
  kCloseCodeInvalid,        // 7.4
  kCloseReasonNotUtf8,      // 5.5.1
  kTextNotUtf8,             // 8.1
  kDataAfterEnd,            // half_close.h
};

/// Returns the rule in one line, with its section, for the log.
std::string_view ToString(Violation violation);

/// Returns kInvalidUtf8 for the two violations of UTF-8, kProtocolError for all others.
base::Cause CauseOf(Violation violation);

struct FrameEvent {
  enum class Kind : uint8_t {
    kNeedMore,  ///< all input is used up
    kPayload,   ///< a piece of a message, possibly empty
    kPing,      ///< `payload` must be sent back
    kPong,
    kEnd,        ///< no more payload follows; only with AcceptEnd
    kClose,      ///< `payload` is the complete, valid payload of the Close; parse no further
    kViolation,  ///< see `violation`; parse no further
  };
  Kind kind = Kind::kNeedMore;
  bool is_text = false;         ///< kPayload: of a text message
  bool is_compressed = false;   ///< kPayload: of a compressed message, whose text is not checked
  bool begins_message = false;  ///< kPayload: the first piece of its message
  bool ends_message = false;    ///< kPayload: the last piece of its message
  Violation violation = Violation::kNone;
  /// kPayload: the bytes written to `out`. Control frames: their bytes in the input or, if they
  /// came in parts, inside the reader; valid until the next call.
  base::Bytes payload = {};
};

/// The sender of the frames: a client masks them, a server does not.
enum class Sender : uint8_t { kClient, kServer };

/// There is one reader for each WebSocket. Not thread-safe. The only error is kViolation. It
/// allocates only for a control frame that comes in parts, until the call after the one that
/// returns it.
class FrameReader {
 public:
  /// With `compression`, the first frame of a message may have RSV1 set (RFC 7692 section 6).
  explicit FrameReader(bool compression = false, Sender sender = Sender::kClient)
      : compression_(compression), is_masked_(sender == Sender::kClient) {}

  /// Accepts the frame of half_close.h, because the extension is agreed.
  void AcceptEnd() { accepts_end_ = true; }

  /// Consumes bytes at the front of `in` up to the next event. Payload is written unmasked to
  /// `out`, which may be in.data() or before it (then a caller that advances `out` by each payload
  /// gets the payloads of all frames together). Consumed bytes of `in` may have been overwritten.
  /// Must not be called again after kClose or kViolation.
  FrameEvent Next(base::MutableBytes& in, uint8_t* out);

  /// Returns the length of the message if it is a single frame. To be called right after a kPayload
  /// that begins a message.
  std::optional<uint64_t> whole_length() const {
    return fin() ? std::optional(length_) : std::nullopt;
  }

 private:
  enum class Part : uint8_t { kHeader, kPayload, kControl };
  struct HeaderEnd {
    size_t size;  // The size of the complete header; 0: it is incomplete.
    Violation violation;
  };

  Violation ReadHeader(base::MutableBytes& in);
  HeaderEnd ParseHeader(base::Bytes bytes);
  Violation CheckStart(uint8_t start, uint8_t length7) const;
  void BeginFrame();
  void UnmaskNext(uint8_t* out, const uint8_t* in, size_t size) const;
  FrameEvent ReadPayload(base::MutableBytes& in, uint8_t* out);
  FrameEvent ReadControl(base::MutableBytes& in);
  static Violation CheckClose(base::Bytes payload);

  Opcode opcode() const { return static_cast<Opcode>(start_ & kOpcodeBits); }
  bool fin() const { return (start_ & kFinBit) != 0; }

  Part part_ = Part::kHeader;
  bool accepts_end_ = false;
  bool has_ended_ = false;   // A kEnd was returned.
  bool in_message_ = false;  // A message has begun and its last frame has not ended.
  const bool compression_;
  const bool is_masked_;
  bool is_text_ = false;         // That message is text.
  bool is_compressed_ = false;   // That message is compressed.
  bool begins_message_ = false;  // No part of that message has been returned yet.
  Utf8Validator utf8_;

  // An incomplete header.
  uint8_t have_ = 0;
  std::array<uint8_t, kMaxClientHeader> header_;

  // The current frame.
  uint8_t start_ = 0;  // Its first byte.
  MaskKey mask_{};
  uint64_t length_ = 0;                 // Of its payload.
  uint64_t offset_ = 0;                 // The payload bytes that have been read.
  std::unique_ptr<uint8_t[]> control_;  // Those bytes of a control frame that comes in parts.
};

}  // namespace sluice::websocket
