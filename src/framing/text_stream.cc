#include "sluice/framing/text_stream.h"

#include <algorithm>
#include <utility>

#include "framing/assembly.h"

namespace sluice::framing {
namespace {

constexpr size_t kLongestCharacter = 4;

bool IsContinuation(uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

/// Returns the length of the character that begins with `lead`; 1 for an invalid lead, which the
/// check of UTF-8 finds.
size_t CharacterSize(uint8_t lead) {
  if (lead < 0xc0 || lead >= 0xf8) return 1;
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

/// Returns the number of bytes at the end that are the start of an incomplete character.
size_t CutCharacter(base::Bytes bytes) {
  const size_t most = std::min(bytes.size(), kLongestCharacter - 1);
  for (size_t size = 1; size <= most; ++size) {
    const uint8_t byte = bytes[bytes.size() - size];
    if (!IsContinuation(byte)) return CharacterSize(byte) > size ? size : 0;
  }
  return 0;
}

class TextStreamDecoder : public Decoder {
 public:
  Decoded Next(base::Bytes& in) override {
    if (in.empty()) return {};
    if (!cut_.empty()) return CompleteCharacter(in);
    const base::Bytes whole = in.first(in.size() - CutCharacter(in));
    Hold(in.subspan(whole.size()));
    in = {};
    return whole.empty() ? Decoded{} : Message(whole, {});
  }

  Decoded End() override { return cut_.empty() ? Decoded{} : Cut(); }

  size_t held() const override { return cut_.bytes().size(); }

 private:
  /// Returns a character that was split by a read as a separate message.
  Decoded CompleteCharacter(base::Bytes& in) {
    const size_t missing = CharacterSize(cut_.bytes().front()) - cut_.bytes().size();
    const base::Bytes rest = in.first(std::min(missing, in.size()));
    in = in.subspan(rest.size());
    Hold(rest);
    // An invalid character is returned now, not when there are enough bytes.
    const bool may_go_on = std::all_of(rest.begin(), rest.end(), IsContinuation);
    return rest.size() < missing && may_go_on ? Decoded{} : Cut();
  }

  void Hold(base::Bytes bytes) {
    [[maybe_unused]] const bool fits = cut_.Append(bytes, kLongestCharacter);
  }

  Decoded Cut() {
    const base::Bytes bytes = cut_.bytes();
    return Message(bytes, cut_.Take());
  }

  static Decoded Message(base::Bytes payload, std::vector<uint8_t> assembled) {
    return {.kind = Decoded::Kind::kPiece,
            .piece = {.type = MessageType::kText,
                      .begins_message = true,
                      .ends_message = true,
                      .whole_length = payload.size(),
                      .payload = payload},
            .assembled = std::move(assembled)};
  }

  Assembly cut_;  // The start of a character.
};

}  // namespace

std::unique_ptr<Decoder> NewTextStreamDecoder() {
  return std::make_unique<TextStreamDecoder>();
}

}  // namespace sluice::framing
