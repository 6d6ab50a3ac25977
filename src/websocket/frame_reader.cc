#include "sluice/websocket/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/websocket/close_code.h"

namespace sluice::websocket {
namespace {

uint64_t ReadBigEndian(const uint8_t* p, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | p[i];
  return value;
}

FrameEvent Broken(Violation violation) {
  return {.kind = FrameEvent::Kind::kViolation, .violation = violation};
}

}  // namespace

std::string_view ToString(Violation violation) {
  switch (violation) {
    case Violation::kNone:
      return "";
    case Violation::kReservedBits:
      return "a reserved bit is set that no negotiated extension defines (RFC 6455 section 5.2)";
    case Violation::kReservedOpcode:
      return "reserved opcode (RFC 6455 section 5.2)";
    case Violation::kUnmasked:
      return "a frame from the client is not masked (RFC 6455 section 5.1)";
    case Violation::kMasked:
      return "a frame from the server is masked (RFC 6455 section 5.1)";
    case Violation::kLengthNotMinimal:
      return "a length is not in its shortest form (RFC 6455 section 5.2)";
    case Violation::kLengthTooLarge:
      return "a 64-bit length has its highest bit set (RFC 6455 section 5.2)";
    case Violation::kControlTooLong:
      return "a control frame is longer than 125 bytes (RFC 6455 section 5.5)";
    case Violation::kControlFragmented:
      return "a control frame is fragmented (RFC 6455 section 5.5)";
    case Violation::kContinuationUnexpected:
      return "a continuation frame without a message to continue (RFC 6455 section 5.4)";
    case Violation::kMessageInterrupted:
      return "a new message before the last one ended (RFC 6455 section 5.4)";
    case Violation::kCloseTruncated:
      return "a Close frame with a payload of one byte (RFC 6455 section 5.5.1)";
    case Violation::kCloseCodeInvalid:
      return "a Close frame with a code that may not be sent (RFC 6455 section 7.4)";
    case Violation::kCloseReasonNotUtf8:
      return "the reason of a Close frame is not UTF-8 (RFC 6455 section 5.5.1)";
    case Violation::kTextNotUtf8:
      return "a text message is not UTF-8 (RFC 6455 section 8.1)";
    case Violation::kDataAfterEnd:
      return "a data frame after the end of its direction (x-sluice-half-close)";
  }
  return "";
}

base::Cause CauseOf(Violation violation) {
  const bool utf8 =
      violation == Violation::kTextNotUtf8 || violation == Violation::kCloseReasonNotUtf8;
  return utf8 ? base::Cause::kInvalidUtf8 : base::Cause::kProtocolError;
}

FrameEvent FrameReader::Next(base::MutableBytes& in, uint8_t* out) {
  if (part_ == Part::kHeader) {
    control_.reset();  // The control frame has been returned.
    if (const Violation v = ReadHeader(in); v != Violation::kNone) return Broken(v);
  }
  switch (part_) {
    case Part::kHeader:
      break;
    case Part::kPayload:
      return ReadPayload(in, out);
    case Part::kControl:
      return ReadControl(in);
  }
  return {};
}

// Parses a header. It is nearly always complete in the input, and is parsed in place.
Violation FrameReader::ReadHeader(base::MutableBytes& in) {
  base::Bytes bytes = in;
  if (have_ != 0) {
    const size_t more = std::min(header_.size() - have_, in.size());
    std::copy_n(in.begin(), more, header_.begin() + have_);
    bytes = {header_.data(), have_ + more};
  }
  const auto [size, violation] = ParseHeader(bytes);
  if (size != 0) {
    in = in.subspan(size - have_);
    have_ = 0;
  } else {
    if (have_ == 0) std::copy(in.begin(), in.end(), header_.begin());
    have_ = static_cast<uint8_t>(bytes.size());
    in = {};
  }
  return violation;
}

FrameReader::HeaderEnd FrameReader::ParseHeader(base::Bytes bytes) {
  // The first two bytes contain the length of the header, and show whether the frame is legal.
  if (bytes.size() < 2) return {0, Violation::kNone};
  if (const Violation v = CheckStart(bytes[0], bytes[1]); v != Violation::kNone) return {2, v};
  const uint8_t length7 = bytes[1] & kLengthBits;
  const size_t length_size = length7 < kLength16 ? 0 : length7 == kLength16 ? 2 : 8;
  const size_t size = 2 + length_size + (is_masked_ ? kMaskSize : 0);
  if (bytes.size() < size) return {0, Violation::kNone};

  length_ = length7;
  if (length_size != 0) {
    length_ = ReadBigEndian(bytes.data() + 2, length_size);
    if (length_ > uint64_t{INT64_MAX}) return {size, Violation::kLengthTooLarge};
    const uint64_t minimum = length_size == 2 ? kLength16 : uint64_t{UINT16_MAX} + 1;
    if (length_ < minimum) return {size, Violation::kLengthNotMinimal};
  }
  if (is_masked_) std::copy_n(bytes.begin() + 2 + length_size, kMaskSize, mask_.begin());
  start_ = bytes[0];
  BeginFrame();
  return {size, Violation::kNone};
}

Violation FrameReader::CheckStart(uint8_t start, uint8_t length7) const {
  if ((start & kReservedBitsMask) != 0) {
    const bool begins_message = (start & kControlBit) == 0 && (start & kOpcodeBits) != 0;
    const uint8_t known = compression_ && begins_message ? kCompressedBit : uint8_t{0};
    if ((start & kReservedBitsMask & ~known) != 0) return Violation::kReservedBits;
  }
  switch (static_cast<Opcode>(start & kOpcodeBits)) {
    case Opcode::kContinuation:
      if (!in_message_) return Violation::kContinuationUnexpected;
      break;
    case Opcode::kText:
    case Opcode::kBinary:
      if (in_message_) return Violation::kMessageInterrupted;
      if (has_ended_) return Violation::kDataAfterEnd;
      break;
    case Opcode::kEnd:
      if (!accepts_end_ || (length7 & kLengthBits) != 0) return Violation::kReservedOpcode;
      if ((start & kFinBit) == 0) return Violation::kControlFragmented;
      if (has_ended_) return Violation::kDataAfterEnd;
      if (in_message_) return Violation::kMessageInterrupted;
      break;
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if ((start & kFinBit) == 0) return Violation::kControlFragmented;
      if ((length7 & kLengthBits) > kMaxControlPayload) return Violation::kControlTooLong;
      break;
    default:
      return Violation::kReservedOpcode;
  }
  if (((length7 & kMaskBit) != 0) == is_masked_) return Violation::kNone;
  return is_masked_ ? Violation::kUnmasked : Violation::kMasked;
}

void FrameReader::BeginFrame() {
  offset_ = 0;
  if ((start_ & kControlBit) != 0) {
    part_ = Part::kControl;
    return;
  }
  part_ = Part::kPayload;
  if (opcode() == Opcode::kContinuation) return;
  in_message_ = true;
  begins_message_ = true;
  is_text_ = opcode() == Opcode::kText;
  is_compressed_ = (start_ & kCompressedBit) != 0;
  utf8_.Reset();
}

/// Unmasks the next `size` bytes of the frame's payload from `in` to `out`.
void FrameReader::UnmaskNext(uint8_t* out, const uint8_t* in, size_t size) const {
  if (is_masked_) {
    Unmask(out, in, size, mask_, offset_);
  } else if (out != in && size != 0) {
    std::memmove(out, in, size);
  }
}

FrameEvent FrameReader::ReadPayload(base::MutableBytes& in, uint8_t* out) {
  const auto take = static_cast<size_t>(std::min<uint64_t>(length_ - offset_, in.size()));
  if (take == 0 && length_ != 0) return {};
  UnmaskNext(out, in.data(), take);
  in = in.subspan(take);
  offset_ += take;

  const bool ends_frame = offset_ == length_;
  const bool ends_message = ends_frame && fin();
  if (is_text_ && !is_compressed_) {
    const bool good = utf8_.Feed({out, take}) && (!ends_message || utf8_.AtBoundary());
    if (!good) return Broken(Violation::kTextNotUtf8);
  }
  if (ends_frame) part_ = Part::kHeader;
  if (ends_message) in_message_ = false;
  // Written directly to the caller's object: copying the small fields right after their stores
  // would stall for longer than the rest of a small frame takes.
  return {.kind = FrameEvent::Kind::kPayload,
          .is_text = is_text_,
          .is_compressed = is_compressed_,
          .begins_message = std::exchange(begins_message_, false),
          .ends_message = ends_message,
          .payload = {out, take}};
}

FrameEvent FrameReader::ReadControl(base::MutableBytes& in) {
  const size_t take = std::min(static_cast<size_t>(length_ - offset_), in.size());
  if (take == 0 && length_ != 0) return {};
  uint8_t* payload = in.data();
  if (take != length_) {
    if (!control_) control_ = std::make_unique_for_overwrite<uint8_t[]>(length_);
    payload = control_.get();
  }
  UnmaskNext(payload + offset_, in.data(), take);
  in = in.subspan(take);
  offset_ += take;
  if (offset_ < length_) return {};

  part_ = Part::kHeader;
  const base::Bytes whole(payload, length_);
  switch (opcode()) {
    case Opcode::kPing:
      return {.kind = FrameEvent::Kind::kPing, .payload = whole};
    case Opcode::kPong:
      return {.kind = FrameEvent::Kind::kPong, .payload = whole};
    case Opcode::kEnd:
      has_ended_ = true;
      return {.kind = FrameEvent::Kind::kEnd};
    default:
      if (const Violation v = CheckClose(whole); v != Violation::kNone) return Broken(v);
      return {.kind = FrameEvent::Kind::kClose, .payload = whole};
  }
}

Violation FrameReader::CheckClose(base::Bytes payload) {
  if (payload.empty()) return Violation::kNone;
  if (payload.size() == 1) return Violation::kCloseTruncated;
  const auto code = static_cast<uint16_t>(ReadBigEndian(payload.data(), 2));
  if (!IsCloseCodeOnWire(code)) return Violation::kCloseCodeInvalid;
  return IsUtf8(payload.subspan(2)) ? Violation::kNone : Violation::kCloseReasonNotUtf8;
}

}  // namespace sluice::websocket
