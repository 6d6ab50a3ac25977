#include "sluice/framing/length_prefixed.h"

#include <algorithm>
#include <array>

#include "framing/assembly.h"

namespace sluice::framing {
namespace {

constexpr uint8_t kTextByte = 1;
constexpr uint8_t kBinaryByte = 2;
constexpr size_t kMaxHeader = 4 + 1;

// Values that are derived from the options.
struct Layout {
  explicit Layout(const LengthPrefixedOptions& o)
      : options(o),
        header_size(o.size + (o.type_byte ? 1u : 0u)),
        counted_header(o.includes_header ? header_size : 0),
        max_payload(
            std::min<size_t>(o.max_message, (uint64_t{1} << 8 * o.size) - 1 - counted_header)) {}

  // Returns the position of the byte of the length that counts 256^i.
  size_t Place(size_t i) const {
    return options.order == ByteOrder::kLittle ? i : options.size - 1 - i;
  }

  const LengthPrefixedOptions options;
  const size_t header_size;
  const size_t counted_header;  // The bytes of the header that the length counts.
  const size_t max_payload;
};

class LengthPrefixedDecoder : public Decoder {
 public:
  explicit LengthPrefixedDecoder(const LengthPrefixedOptions& options) : layout_(options) {}

  Decoded Next(base::Bytes& in) override {
    Decoded decoded;
    if (!in_message_) {
      if (!FillHeader(in)) return decoded;
      if (const FramingError error = ReadHeader(); error != FramingError::kNone) {
        return {.kind = Decoded::Kind::kError, .error = error};
      }
    }
    const auto take = static_cast<size_t>(std::min<uint64_t>(left_, in.size()));
    if (take == 0 && left_ != 0) return decoded;
    decoded.kind = Decoded::Kind::kPiece;
    decoded.piece.type = type_;
    decoded.piece.payload = in.first(take);
    if (have_ != 0) {  // The beginning of the message has not been returned yet.
      decoded.piece.begins_message = true;
      decoded.piece.whole_length = left_;
      have_ = 0;
    }
    in = in.subspan(take);
    left_ -= take;
    decoded.piece.ends_message = left_ == 0;
    in_message_ = left_ != 0;
    return decoded;
  }

  Decoded End() override {
    if (!in_message_ && have_ == 0) return {};
    return {.kind = Decoded::Kind::kError, .error = FramingError::kCutShort};
  }

  size_t held() const override { return have_; }

 private:
  bool FillHeader(base::Bytes& in) {
    const size_t take = std::min(layout_.header_size - have_, in.size());
    std::copy_n(in.begin(), take, header_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += take;
    in = in.subspan(take);
    return have_ == layout_.header_size;
  }

  FramingError ReadHeader() {
    uint64_t length = 0;
    for (size_t i = layout_.options.size; i-- > 0;)
      length = length << 8 | header_[layout_.Place(i)];
    if (length < layout_.counted_header) return FramingError::kLengthTooSmall;
    left_ = length - layout_.counted_header;
    if (left_ > layout_.max_payload) return FramingError::kMessageTooLong;
    type_ = layout_.options.type;
    if (layout_.options.type_byte) {
      const uint8_t byte = header_[layout_.options.size];
      if (byte != kTextByte && byte != kBinaryByte) return FramingError::kUnknownType;
      type_ = byte == kTextByte ? MessageType::kText : MessageType::kBinary;
    }
    in_message_ = true;
    return FramingError::kNone;
  }

  const Layout layout_;
  bool in_message_ = false;  // The header is read, and payload follows.
  MessageType type_ = MessageType::kBinary;
  uint64_t left_ = 0;  // Of the payload.
  size_t have_ = 0;    // Bytes in header_; 0 after the beginning of the message was returned.
  std::array<uint8_t, kMaxHeader> header_{};
};

class LengthPrefixedEncoder : public Encoder {
 public:
  explicit LengthPrefixedEncoder(const LengthPrefixedOptions& options) : layout_(options) {}

  Encoded Encode(const MessagePiece& piece) override {
    if (piece.begins_message) {
      is_announced_ = piece.whole_length || piece.ends_message;
      if (is_announced_) {
        const uint64_t length = piece.whole_length.value_or(piece.payload.size());
        if (length > layout_.max_payload) return {.error = FramingError::kMessageTooLong};
        return {.prefix = Header(piece.type, length), .payload = piece.payload};
      }
    }
    if (is_announced_) return {.payload = piece.payload};
    if (!partial_.Append(piece.payload, layout_.max_payload)) {
      return {.error = FramingError::kMessageTooLong};
    }
    if (!piece.ends_message) return {};
    const base::Bytes message = partial_.bytes();
    return {.prefix = Header(piece.type, message.size()),
            .payload = message,
            .assembled = partial_.Take()};
  }

  size_t held() const override { return partial_.bytes().size(); }

 private:
  base::Bytes Header(MessageType type, uint64_t length) {
    length += layout_.counted_header;
    for (size_t i = 0; i < layout_.options.size; ++i, length >>= 8) {
      header_[layout_.Place(i)] = static_cast<uint8_t>(length);
    }
    header_[layout_.options.size] = type == MessageType::kText ? kTextByte : kBinaryByte;
    return base::Bytes(header_).first(layout_.header_size);
  }

  const Layout layout_;
  bool is_announced_ = false;  // The header of the message has been returned.
  std::array<uint8_t, kMaxHeader> header_{};
  Assembly partial_;  // The start of a message.
};

}  // namespace

std::unique_ptr<Decoder> NewLengthPrefixedDecoder(const LengthPrefixedOptions& options) {
  return std::make_unique<LengthPrefixedDecoder>(options);
}

std::unique_ptr<Encoder> NewLengthPrefixedEncoder(const LengthPrefixedOptions& options) {
  return std::make_unique<LengthPrefixedEncoder>(options);
}

}  // namespace sluice::framing
