#include "sluice/leg/message_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include "sluice/framing/length_prefixed.h"
#include "sluice/framing/lines.h"
#include "sluice/framing/text_stream.h"
#include "sluice/websocket/frame.h"

namespace sluice::leg {
namespace {

using framing::FramingError;
using framing::MessageType;

/// In `stream` framing a message of any length is accepted, so a message is refused only if it
/// inflates by more than this. Text rarely inflates by more than 20.
constexpr uint32_t kInflateRatio = 100;

/// The least room that is worth an inflating step.
constexpr size_t kLeastInflated = 1024;

/// The most bytes that a framing adds to a message: twice a prefix of five bytes or more.
constexpr size_t kMostAdded = 32;

MessageType TypeOf(settings::MessageType type) {
  return type == settings::MessageType::kText ? MessageType::kText : MessageType::kBinary;
}

framing::LinesOptions OptionsOf(const settings::LinesFraming& lines, size_t message_limit,
                                std::optional<settings::MessageType> type) {
  return {
      .end = lines.end == settings::LineEnd::kLf ? framing::LineEnd::kLf : framing::LineEnd::kCrLf,
      .max_length = std::min(lines.max_length, message_limit),
      .type = TypeOf(type.value_or(lines.type))};
}

framing::LengthPrefixedOptions OptionsOf(const settings::LengthPrefixedFraming& prefixed,
                                         size_t message_limit) {
  return {.size = prefixed.size,
          .order = prefixed.order == settings::ByteOrder::kLittle ? framing::ByteOrder::kLittle
                                                                  : framing::ByteOrder::kBig,
          .includes_header = prefixed.includes_header,
          .type_byte = prefixed.type_byte,
          .type = TypeOf(prefixed.type),
          .max_message = message_limit};
}

}  // namespace

MessageFault FaultOfClient(FramingError error) {
  const auto cause = error == FramingError::kLineEndInMessage ? base::Cause::kLineEndInMessage
                                                              : base::Cause::kMessageTooBig;
  return {cause, ToString(error)};
}

MessageFault FaultOfBackend(FramingError error) {
  const auto cause = error == FramingError::kMessageTooLong ? base::Cause::kBackendMessageTooBig
                                                            : base::Cause::kBackendFraming;
  return {cause, ToString(error)};
}

std::unique_ptr<MessageCodec> MessageCodec::New(
    websocket::ZlibPool& pool, const settings::SessionOptions& options,
    const std::optional<websocket::DeflateAgreement>& agreement,
    std::optional<settings::MessageType> type) {
  std::unique_ptr<framing::Encoder> encoder;
  std::unique_ptr<framing::Decoder> decoder;
  if (const auto* lines = std::get_if<settings::LinesFraming>(&options.framing)) {
    const framing::LinesOptions of_lines = OptionsOf(*lines, options.message_limit, type);
    encoder = framing::NewLinesEncoder(of_lines);
    decoder = framing::NewLinesDecoder(of_lines);
  } else if (const auto* prefixed =
                 std::get_if<settings::LengthPrefixedFraming>(&options.framing)) {
    const framing::LengthPrefixedOptions of_prefixed = OptionsOf(*prefixed, options.message_limit);
    encoder = framing::NewLengthPrefixedEncoder(of_prefixed);
    decoder = framing::NewLengthPrefixedDecoder(of_prefixed);
  } else if (std::get<settings::StreamFraming>(options.framing).type ==
             settings::MessageType::kText) {
    decoder = framing::NewTextStreamDecoder();
  } else if (!agreement) {
    return nullptr;
  }
  std::unique_ptr<websocket::Inflater> inflater;
  std::unique_ptr<websocket::Deflater> deflater;
  if (agreement) {
    const websocket::InflateLimits limits{options.message_limit, kInflateRatio};
    inflater = std::make_unique<websocket::Inflater>(pool, agreement->client_window_bits,
                                                     agreement->client_context_takeover, limits);
    const websocket::DeflateShape shape{agreement->server_window_bits,
                                        options.compression.memory_level};
    deflater =
        std::make_unique<websocket::Deflater>(pool, shape, agreement->server_context_takeover);
  }
  return std::unique_ptr<MessageCodec>(
      new MessageCodec{{std::move(encoder), std::move(inflater)},
                       {std::move(decoder), std::move(deflater), options.compression.min_size}});
}

// ---- Frames to bytes ----

void FramesToBytes::Begin(const websocket::FrameEvent& event,
                          std::optional<uint64_t> whole_length) {
  event_ = event;
  under_way_ = true;
  if (!event.begins_message) return;
  begins_message_ = true;
  // The length of what is compressed says nothing of the message's.
  whole_length_ = event.is_compressed ? std::nullopt : whole_length;
  utf8_.Reset();
}

size_t FramesToBytes::RoomFor(base::Bytes payload) const {
  if (encoded_size() != 0) return 1;
  return (event_.is_compressed ? kLeastInflated : payload.size()) + kMostAdded;
}

FramesToBytes::Step FramesToBytes::Next(base::Bytes& payload, base::MutableBytes out) {
  using Status = websocket::Inflater::Status;
  if (encoded_size() != 0) return {.size = WriteEncoded(out)};
  Step step;
  base::Bytes piece = payload;
  if (event_.is_compressed) {
    // A prefix, which is written before the piece, must not overwrite it.
    const auto room = out.subspan(kMostAdded / 2, out.size() - kMostAdded);
    const websocket::Inflater::Output output = inflater_->Next(payload, event_.ends_message, room);
    if (output.status == Status::kCorrupt) {
      return {.fault = MessageFault{
                  base::Cause::kProtocolError,
                  "a compressed message is corrupt or cut short (RFC 7692 section 7.2.2)"}};
    }
    if (output.status == Status::kTooLarge) {
      return {.fault = MessageFault{base::Cause::kMessageTooBig,
                                    "a compressed message is too large when it is inflated"}};
    }
    under_way_ = output.status == Status::kMore;
    piece = room.first(output.size);
    step.inflated = piece.size();
  } else {
    under_way_ = false;
    payload = {};
  }
  const bool ends_message = event_.ends_message && !under_way_;
  if (event_.is_compressed && event_.is_text &&
      !(utf8_.Feed(piece) && (!ends_message || utf8_.AtBoundary()))) {
    return {.fault = MessageFault{base::Cause::kInvalidUtf8,
                                  ToString(websocket::Violation::kTextNotUtf8)}};
  }
  if (event_.is_compressed && piece.empty() && !ends_message) return {};
  encoded_ = Encode(piece, ends_message);
  if (encoded_.error != framing::FramingError::kNone) {
    return {.fault = FaultOfClient(encoded_.error)};
  }
  step.size = WriteEncoded(out);
  return step;
}

framing::Encoded FramesToBytes::Encode(base::Bytes payload, bool ends_message) {
  if (!encoder_) return {.payload = payload};
  const bool begins_message = std::exchange(begins_message_, false);
  return encoder_->Encode({.type = event_.is_text ? MessageType::kText : MessageType::kBinary,
                           .begins_message = begins_message,
                           .ends_message = ends_message,
                           .whole_length = begins_message ? whole_length_ : std::nullopt,
                           .payload = payload});
}

/// Moves bytes of `encoded_` to `out`, as many as fit, and returns their number.
size_t FramesToBytes::WriteEncoded(base::MutableBytes out) {
  size_t size = 0;
  for (base::Bytes* const part : {&encoded_.prefix, &encoded_.payload, &encoded_.suffix}) {
    const size_t fits = std::min(part->size(), out.size() - size);
    if (fits != 0) std::memmove(out.data() + size, part->data(), fits);
    *part = part->subspan(fits);
    size += fits;
  }
  if (encoded_size() == 0) encoded_ = {};
  return size;
}

// ---- Bytes to frames ----

framing::Decoded BytesToFrames::Next(base::Bytes& in) {
  if (decoder_) return decoder_->Next(in);
  if (in.empty()) return {};
  const base::Bytes message = std::exchange(in, {});
  return {.kind = framing::Decoded::Kind::kPiece,
          .piece = {.begins_message = true,
                    .ends_message = true,
                    .whole_length = message.size(),
                    .payload = message}};
}

framing::Decoded BytesToFrames::End() {
  return decoder_ ? decoder_->End() : framing::Decoded{};
}

bool BytesToFrames::Begin(const framing::MessagePiece& piece) {
  piece_ = piece;
  if (piece.begins_message) {
    compresses_ = deflater_ && piece.whole_length.value_or(min_size_) >= min_size_;
    is_begun_ = false;
    utf8_.Reset();
  }
  return piece.type != MessageType::kText ||
         (utf8_.Feed(piece.payload) && (!piece.ends_message || utf8_.AtBoundary()));
}

BytesToFrames::Filled BytesToFrames::Fill(base::MutableBytes room) {
  Filled filled{};
  if (compresses_) {
    const auto output = deflater_->Next(piece_.payload, piece_.ends_message, room);
    filled = {output.size, output.done, std::nullopt};
  } else {
    const size_t size = std::min(room.size(), piece_.payload.size());
    std::copy_n(piece_.payload.begin(), size, room.begin());
    piece_.payload = piece_.payload.subspan(size);
    filled = {size, piece_.payload.empty(), std::nullopt};
  }
  const bool fin = filled.done && piece_.ends_message;
  if (filled.size != 0 || fin) filled.start = StartByte(fin);
  return filled;
}

uint8_t BytesToFrames::StartByte(bool fin) {
  uint8_t start = fin ? websocket::kFinBit : uint8_t{0};
  if (std::exchange(is_begun_, true)) return start;  // A continuation.
  if (compresses_) start |= websocket::kCompressedBit;
  const auto opcode =
      piece_.type == MessageType::kText ? websocket::Opcode::kText : websocket::Opcode::kBinary;
  return static_cast<uint8_t>(start | static_cast<uint8_t>(opcode));
}

void BytesToFrames::Release() {
  if (deflater_) deflater_->Release();
}

}  // namespace sluice::leg
