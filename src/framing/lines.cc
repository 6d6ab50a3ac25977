#include "sluice/framing/lines.h"

#include <string_view>
#include <utility>

#include "framing/assembly.h"

namespace sluice::framing {
namespace {

// Returns a line without the CR of its end.
base::Bytes WithoutCr(base::Bytes line) {
  return !line.empty() && line.back() == '\r' ? line.first(line.size() - 1) : line;
}

class LinesDecoder : public Decoder {
 public:
  explicit LinesDecoder(const LinesOptions& options) : options_(options) {}

  Decoded Next(base::Bytes& in) override {
    const size_t end = base::AsText(in).find('\n');
    if (end == std::string_view::npos) {
      const bool fits = Append(in) && WithoutCr(partial_.bytes()).size() <= options_.max_length;
      in = {};
      return fits ? Decoded{} : TooLong();
    }
    const base::Bytes line = in.first(end);
    in = in.subspan(end + 1);
    if (partial_.empty()) return Message(line, {});
    return Append(line) ? Assembled() : TooLong();
  }

  Decoded End() override { return partial_.empty() ? Decoded{} : Assembled(); }

  size_t held() const override { return partial_.bytes().size(); }

 private:
  // Room for a CR, which may be part of the line's end.
  bool Append(base::Bytes bytes) { return partial_.Append(bytes, options_.max_length + 1); }

  Decoded Assembled() {
    const base::Bytes line = partial_.bytes();
    return Message(line, partial_.Take());
  }

  Decoded Message(base::Bytes line, std::vector<uint8_t> assembled) const {
    line = WithoutCr(line);
    if (line.size() > options_.max_length) return TooLong();
    return {.kind = Decoded::Kind::kPiece,
            .piece = {.type = options_.type,
                      .begins_message = true,
                      .ends_message = true,
                      .whole_length = line.size(),
                      .payload = line},
            .assembled = std::move(assembled)};
  }

  static Decoded TooLong() {
    return {.kind = Decoded::Kind::kError, .error = FramingError::kMessageTooLong};
  }

  const LinesOptions options_;
  Assembly partial_;  // The start of a line.
};

class LinesEncoder : public Encoder {
 public:
  explicit LinesEncoder(const LinesOptions& options) : options_(options) {}

  Encoded Encode(const MessagePiece& piece) override {
    if (piece.begins_message && piece.ends_message) return Message(piece.payload, {});
    if (!partial_.Append(piece.payload, options_.max_length + kLongestEnd)) {
      return {.error = FramingError::kMessageTooLong};
    }
    if (!piece.ends_message) return {};
    const base::Bytes message = partial_.bytes();
    return Message(message, partial_.Take());
  }

  size_t held() const override { return partial_.bytes().size(); }

 private:
  static constexpr std::string_view kCrLf = "\r\n";
  static constexpr size_t kLongestEnd = kCrLf.size();

  Encoded Message(base::Bytes message, std::vector<uint8_t> assembled) const {
    if (!message.empty() && message.back() == '\n') {
      message = WithoutCr(message.first(message.size() - 1));
    }
    if (message.size() > options_.max_length) return {.error = FramingError::kMessageTooLong};
    if (base::AsText(message).find_first_of(kCrLf) != std::string_view::npos) {
      return {.error = FramingError::kLineEndInMessage};
    }
    const std::string_view end = options_.end == LineEnd::kCrLf ? kCrLf : kCrLf.substr(1);
    return {.payload = message, .suffix = base::AsBytes(end), .assembled = std::move(assembled)};
  }

  const LinesOptions options_;
  Assembly partial_;  // The start of a message.
};

}  // namespace

std::unique_ptr<Decoder> NewLinesDecoder(const LinesOptions& options) {
  return std::make_unique<LinesDecoder>(options);
}

std::unique_ptr<Encoder> NewLinesEncoder(const LinesOptions& options) {
  return std::make_unique<LinesEncoder>(options);
}

}  // namespace sluice::framing
