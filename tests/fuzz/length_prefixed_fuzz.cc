// The length-prefixed framing. The first two bytes of an input say how it is cut and what the
// options are; the rest is taken twice: as what the backend sends, which must come out as a plain
// reading of the format has it, and as a message of the client, which must come back from an echo
// service.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "sluice/framing/length_prefixed.h"

#include "../unit/framing/in_pieces.h"

namespace {

using sluice::framing::ByteOrder;
using sluice::framing::FramingError;
using sluice::framing::LengthPrefixedOptions;
using sluice::framing::MessageType;
using sluice::framing::NewLengthPrefixedDecoder;
using sluice::framing::NewLengthPrefixedEncoder;
using sluice::framing::testing::Always;
using sluice::framing::testing::Decode;
using sluice::framing::testing::Encode;
using sluice::framing::testing::Message;
using sluice::framing::testing::Messages;
using sluice::framing::testing::NextSize;
using sluice::framing::testing::Sent;

void Require(bool condition) {
  if (!condition) std::abort();
}

size_t HeaderSize(const LengthPrefixedOptions& options) {
  return options.size + (options.type_byte ? 1 : 0);
}

Messages Expected(const LengthPrefixedOptions& options, std::string_view bytes) {
  Messages messages;
  const size_t header = HeaderSize(options);
  while (!bytes.empty()) {
    if (bytes.size() < header) {
      messages.error = FramingError::kCutShort;
      break;
    }
    uint64_t length = 0;
    for (size_t i = 0; i < options.size; ++i) {
      const uint64_t byte = static_cast<uint8_t>(bytes[i]);
      length += byte << 8 * (options.order == ByteOrder::kBig ? options.size - 1 - i : i);
    }
    const uint64_t counted = options.includes_header ? header : 0;
    if (length < counted) {
      messages.error = FramingError::kLengthTooSmall;
      break;
    }
    length -= counted;
    if (length > options.max_message) {
      messages.error = FramingError::kMessageTooLong;
      break;
    }
    MessageType type = options.type;
    if (options.type_byte) {
      type = bytes[options.size] == 1 ? MessageType::kText : MessageType::kBinary;
      if (bytes[options.size] != 1 && bytes[options.size] != 2) {
        messages.error = FramingError::kUnknownType;
        break;
      }
    }
    bytes.remove_prefix(header);
    if (bytes.size() < length) {
      messages.part = bytes;
      messages.error = FramingError::kCutShort;
      break;
    }
    messages.whole.push_back({type, std::string(bytes.substr(0, length))});
    bytes.remove_prefix(length);
  }
  return messages;
}

void CheckEcho(const LengthPrefixedOptions& options, const Message& message, const NextSize& next,
               bool announced) {
  const uint64_t field = (uint64_t{1} << 8 * options.size) - 1;
  const uint64_t room = options.includes_header ? field - HeaderSize(options) : field;
  const Sent sent = Encode(*NewLengthPrefixedEncoder(options), message, next, announced);
  if (message.payload.size() > std::min<uint64_t>(room, options.max_message)) {
    Require(sent == Sent{"", FramingError::kMessageTooLong});
    return;
  }
  Require(sent.error == FramingError::kNone);
  Require(sent.bytes.size() == HeaderSize(options) + message.payload.size());
  Messages expected;
  expected.whole.push_back(message);
  if (!options.type_byte) expected.whole[0].type = options.type;
  Require(Decode(*NewLengthPrefixedDecoder(options), sent.bytes, next) == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const uint8_t bits = data[1];
  const LengthPrefixedOptions options{
      .size = static_cast<uint8_t>(1 << bits % 3),
      .order = (bits & 0x04) != 0 ? ByteOrder::kBig : ByteOrder::kLittle,
      .includes_header = (bits & 0x08) != 0,
      .type_byte = (bits & 0x10) != 0,
      .type = (bits & 0x20) != 0 ? MessageType::kText : MessageType::kBinary,
      .max_message = (bits & 0x40) != 0 ? size_t{1000} : size_t{60}};
  std::minstd_rand random(data[0] + 1u);
  const NextSize sizes[] = {Always(SIZE_MAX), Always(1), [&] { return 1 + random() % 20; }};
  const Messages messages = Expected(options, rest);
  const Message message{(bits & 0x80) != 0 ? MessageType::kText : MessageType::kBinary, rest};
  for (const NextSize& next : sizes) {
    Require(Decode(*NewLengthPrefixedDecoder(options), rest, next) == messages);
    CheckEcho(options, message, next, false);
    CheckEcho(options, message, next, true);
  }
  return 0;
}
