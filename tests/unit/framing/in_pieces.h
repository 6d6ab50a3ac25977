// Drives a decoder or an encoder with pieces of any size, and holds it to its interface. Used by
// unit tests and fuzzers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/framing/decoder.h"
#include "sluice/framing/encoder.h"

namespace sluice::framing::testing {

struct Message {
  MessageType type;
  std::string payload;
  bool operator==(const Message&) const = default;
};

inline Message Text(std::string payload) {
  return {MessageType::kText, std::move(payload)};
}
inline Message Binary(std::string payload) {
  return {MessageType::kBinary, std::move(payload)};
}

/// What a decoder said: the whole messages, what there was of one more, and why it stopped.
struct Messages {
  std::vector<Message> whole = {};
  std::string part = {};
  FramingError error = FramingError::kNone;
  bool operator==(const Messages&) const = default;
};

inline void PrintTo(const Messages& messages, std::ostream* out) {
  for (const auto& [type, payload] : messages.whole) {
    *out << (type == MessageType::kText ? 'T' : 'B') << '"' << payload.substr(0, 200) << "\" ";
  }
  *out << '"' << messages.part.substr(0, 200) << "\" " << ToString(messages.error);
}

/// A number from 1 on: the size of the next piece.
using NextSize = std::function<size_t()>;

inline NextSize Always(size_t size) {
  return [size] { return size; };
}

/// The first piece has `size` bytes, and the second all others.
inline NextSize CutAt(size_t size) {
  return [size, first = true]() mutable { return std::exchange(first, false) ? size : SIZE_MAX; };
}

class DecoderDriver {
 public:
  explicit DecoderDriver(Decoder& decoder) : decoder_(decoder) {}

  /// False when there is nothing more to tell.
  bool Tell(const Decoded& decoded) {
    Require((decoded.error != FramingError::kNone) == (decoded.kind == Decoded::Kind::kError),
            "kError and no error, or the other way round");
    messages_.error = decoded.error;
    if (decoded.kind != Decoded::Kind::kPiece) return false;
    const MessagePiece& piece = decoded.piece;
    Require(piece.begins_message != in_message_, "a message begins twice, or not at all");
    if (piece.begins_message) {
      type_ = piece.type;
      whole_length_ = piece.whole_length;
    }
    Require(piece.type == type_, "the type of the message changed");
    Require(!piece.payload.empty() || (piece.begins_message && piece.ends_message),
            "an empty piece of a message that is not empty");
    messages_.part += base::AsText(piece.payload);
    in_message_ = !piece.ends_message;
    if (in_message_) return true;
    Require(!whole_length_ || *whole_length_ == messages_.part.size(), "another length was told");
    messages_.whole.push_back({type_, std::exchange(messages_.part, {})});
    return true;
  }

  void Feed(std::string_view bytes) {
    // A copy of its own, so that a view that lives too long is found by AddressSanitizer.
    const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    base::Bytes in(copy);
    while (Tell(decoder_.Next(in))) {
    }
    Require(failed() || in.empty(), "input is left");
  }

  void End() {
    if (Tell(decoder_.End())) Require(!in_message_, "a message without an end");
  }

  bool failed() const { return messages_.error != FramingError::kNone; }
  const Messages& messages() const { return messages_; }

 private:
  static void Require(bool condition, const char* what) {
    if (!condition) throw std::logic_error(what);
  }

  Decoder& decoder_;
  Messages messages_;
  MessageType type_ = MessageType::kBinary;
  std::optional<uint64_t> whole_length_;
  bool in_message_ = false;
};

/// All that `decoder` makes of `bytes` and the end behind them.
inline Messages Decode(Decoder& decoder, std::string_view bytes,
                       const NextSize& size = Always(SIZE_MAX)) {
  DecoderDriver driver(decoder);
  while (!bytes.empty() && !driver.failed()) {
    const std::string_view piece = bytes.substr(0, size());
    bytes.remove_prefix(piece.size());
    driver.Feed(piece);
  }
  if (!driver.failed()) driver.End();
  return driver.messages();
}

/// The result of a decoder that finds these text messages, complete.
inline Messages Whole(const std::vector<std::string>& texts) {
  Messages messages;
  for (const auto& text : texts) messages.whole.push_back(Text(text));
  return messages;
}

inline constexpr auto kTooLong = FramingError::kMessageTooLong;

/// What goes to the backend, and why it stopped.
struct Sent {
  std::string bytes;
  FramingError error = FramingError::kNone;
  bool operator==(const Sent&) const = default;
};

inline void PrintTo(const Sent& sent, std::ostream* out) {
  *out << '"' << sent.bytes.substr(0, 200) << "\" " << ToString(sent.error);
}

/// Gives `message` to the encoder in pieces; `announced`: its length is told with the first.
inline Sent Encode(Encoder& encoder, const Message& message,
                   const NextSize& size = Always(SIZE_MAX), bool announced = false) {
  Sent sent;
  std::string_view rest = message.payload;
  MessagePiece piece{.type = message.type, .begins_message = true};
  if (announced) piece.whole_length = rest.size();
  do {
    const std::string_view bytes = rest.substr(0, size());
    rest.remove_prefix(bytes.size());
    const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    piece.payload = copy;
    piece.ends_message = rest.empty();
    const Encoded encoded = encoder.Encode(piece);
    for (const base::Bytes part : {encoded.prefix, encoded.payload, encoded.suffix}) {
      sent.bytes += base::AsText(part);
    }
    sent.error = encoded.error;
    piece.begins_message = false;
    piece.whole_length.reset();
  } while (!piece.ends_message && sent.error == FramingError::kNone);
  return sent;
}

}  // namespace sluice::framing::testing
