#include "sluice/websocket/frame_reader.h"

#include <algorithm>

#include "sluice/websocket/close_code.h"

namespace sluice::websocket {
namespace {

uint64_t ReadBigEndian(const uint8_t* p, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | p[i];
  return value;
}

FrameEvent Broken(Violation violation) {
  FrameEvent event;
  event.kind = FrameEvent::Kind::kViolation;
  event.violation = violation;
  return event;
}

}  // namespace

std::string_view ToString(Violation violation) {
  switch (violation) {
    case Violation::kNone:
      return "";
    case Violation::kReservedBits:
      return "a reserved bit is set and no extension was negotiated (RFC 6455 section 5.2)";
    case Violation::kReservedOpcode:
      return "reserved opcode (RFC 6455 section 5.2)";
    case Violation::kUnmasked:
      return "a frame from the client is not masked (RFC 6455 section 5.1)";
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
    // Two bytes say how long the header is, and already whether the frame is legal.
    if (!FillHeader(in, 2)) return {};
    if (const Violation v = CheckStart(); v != Violation::kNone) return Broken(v);
    if (!FillHeader(in, HeaderSize())) return {};
    if (const Violation v = ReadLength(); v != Violation::kNone) return Broken(v);
    BeginFrame();
  }
  return part_ == Part::kControl ? ReadControl(in) : ReadPayload(in, out);
}

bool FrameReader::FillHeader(base::MutableBytes& in, size_t want) {
  if (have_ >= want) return true;
  const size_t take = std::min(want - have_, in.size());
  std::copy_n(in.begin(), take, header_.begin() + have_);
  have_ = static_cast<uint8_t>(have_ + take);
  in = in.subspan(take);
  return have_ == want;
}

size_t FrameReader::HeaderSize() const {
  switch (header_[1] & kLengthBits) {
    case kLength16:
      return 2 + 2 + kMaskSize;
    case kLength64:
      return 2 + 8 + kMaskSize;
    default:
      return 2 + kMaskSize;
  }
}

Violation FrameReader::CheckStart() const {
  if ((header_[0] & kReservedBitsMask) != 0) return Violation::kReservedBits;
  switch (opcode()) {
    case Opcode::kContinuation:
      if (!in_message_) return Violation::kContinuationUnexpected;
      break;
    case Opcode::kText:
    case Opcode::kBinary:
      if (in_message_) return Violation::kMessageInterrupted;
      break;
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if (!fin()) return Violation::kControlFragmented;
      if ((header_[1] & kLengthBits) > kMaxControlPayload) return Violation::kControlTooLong;
      break;
    default:
      return Violation::kReservedOpcode;
  }
  return (header_[1] & kMaskBit) != 0 ? Violation::kNone : Violation::kUnmasked;
}

Violation FrameReader::ReadLength() {
  const size_t size = HeaderSize() - 2 - kMaskSize;
  std::copy_n(header_.begin() + 2 + size, kMaskSize, mask_.begin());
  if (size == 0) {
    length_ = header_[1] & kLengthBits;
    return Violation::kNone;
  }
  length_ = ReadBigEndian(header_.data() + 2, size);
  if (length_ > uint64_t{INT64_MAX}) return Violation::kLengthTooLarge;
  const uint64_t minimum = size == 2 ? kLength16 : uint64_t{UINT16_MAX} + 1;
  return length_ < minimum ? Violation::kLengthNotMinimal : Violation::kNone;
}

void FrameReader::BeginFrame() {
  have_ = 0;
  offset_ = 0;
  if (is_control()) {
    part_ = Part::kControl;
    return;
  }
  part_ = Part::kPayload;
  if (opcode() == Opcode::kContinuation) return;
  in_message_ = true;
  begins_message_ = true;
  is_text_ = opcode() == Opcode::kText;
  utf8_.Reset();
}

FrameEvent FrameReader::ReadPayload(base::MutableBytes& in, uint8_t* out) {
  const auto take = static_cast<size_t>(std::min<uint64_t>(length_ - offset_, in.size()));
  if (take == 0 && length_ != 0) return {};
  Unmask(out, in.data(), take, mask_, offset_);
  in = in.subspan(take);
  offset_ += take;

  FrameEvent event;
  event.kind = FrameEvent::Kind::kPayload;
  event.payload = {out, take};
  event.is_text = is_text_;
  event.begins_message = begins_message_;
  begins_message_ = false;
  if (is_text_ && !utf8_.Feed(event.payload)) return Broken(Violation::kTextNotUtf8);
  if (offset_ == length_) {
    part_ = Part::kHeader;
    if (fin()) {
      if (is_text_ && !utf8_.AtBoundary()) return Broken(Violation::kTextNotUtf8);
      event.ends_message = true;
      in_message_ = false;
    }
  }
  return event;
}

FrameEvent FrameReader::ReadControl(base::MutableBytes& in) {
  const size_t take = std::min(static_cast<size_t>(length_ - offset_), in.size());
  Unmask(control_.data() + offset_, in.data(), take, mask_, offset_);
  in = in.subspan(take);
  offset_ += take;
  if (offset_ < length_) return {};

  part_ = Part::kHeader;
  FrameEvent event;
  event.payload = {control_.data(), static_cast<size_t>(length_)};
  switch (opcode()) {
    case Opcode::kPing:
      event.kind = FrameEvent::Kind::kPing;
      break;
    case Opcode::kPong:
      event.kind = FrameEvent::Kind::kPong;
      break;
    default:
      event.kind = FrameEvent::Kind::kClose;
      if (const Violation v = CheckClose(event.payload); v != Violation::kNone) return Broken(v);
  }
  return event;
}

Violation FrameReader::CheckClose(base::Bytes payload) {
  if (payload.empty()) return Violation::kNone;
  if (payload.size() == 1) return Violation::kCloseTruncated;
  const auto code = static_cast<uint16_t>(ReadBigEndian(payload.data(), 2));
  if (!IsCloseCodeOnWire(code)) return Violation::kCloseCodeInvalid;
  return IsUtf8(payload.subspan(2)) ? Violation::kNone : Violation::kCloseReasonNotUtf8;
}

}  // namespace sluice::websocket
