// The framing of lines. The first two bytes of an input say how it is cut and what the options are;
// the rest is taken twice: as what the backend sends, and as a message of the client. Both must
// come out as a plain reading of the rules has it, however they are cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "sluice/framing/lines.h"

#include "../unit/framing/in_pieces.h"

namespace {

using sluice::framing::FramingError;
using sluice::framing::LineEnd;
using sluice::framing::LinesOptions;
using sluice::framing::MessageType;
using sluice::framing::NewLinesDecoder;
using sluice::framing::NewLinesEncoder;
using sluice::framing::testing::Always;
using sluice::framing::testing::Decode;
using sluice::framing::testing::Encode;
using sluice::framing::testing::Messages;
using sluice::framing::testing::NextSize;
using sluice::framing::testing::Sent;

void Require(bool condition) {
  if (!condition) std::abort();
}

Messages Expected(const LinesOptions& options, std::string bytes) {
  Messages messages;
  if (!bytes.empty() && !bytes.ends_with('\n')) bytes += '\n';
  for (size_t end; (end = bytes.find('\n')) != std::string::npos; bytes.erase(0, end + 1)) {
    std::string line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.pop_back();
    if (line.size() > options.max_length) {
      messages.error = FramingError::kMessageTooLong;
      break;
    }
    messages.whole.push_back({options.type, line});
  }
  return messages;
}

Sent Expected(const LinesOptions& options, std::string_view message) {
  if (message.ends_with("\r\n")) {
    message.remove_suffix(2);
  } else if (message.ends_with('\n')) {
    message.remove_suffix(1);
  }
  if (message.size() > options.max_length) return {"", FramingError::kMessageTooLong};
  for (const char c : message) {
    if (c == '\r' || c == '\n') return {"", FramingError::kLineEndInMessage};
  }
  return {std::string(message) + (options.end == LineEnd::kLf ? "\n" : "\r\n")};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const LinesOptions options{.end = data[1] % 2 == 0 ? LineEnd::kLf : LineEnd::kCrLf,
                             .max_length = data[1] / 4u,
                             .type = data[1] % 4 < 2 ? MessageType::kText : MessageType::kBinary};
  std::minstd_rand random(data[0] + 1u);
  const NextSize sizes[] = {Always(SIZE_MAX), Always(1), [&] { return 1 + random() % 20; }};

  const Messages messages = Expected(options, rest);
  const Sent sent = Expected(options, std::string_view(rest));
  for (const NextSize& next : sizes) {
    Require(Decode(*NewLinesDecoder(options), rest, next) == messages);
    Require(Encode(*NewLinesEncoder(options), {options.type, rest}, next) == sent);
  }
  return 0;
}
