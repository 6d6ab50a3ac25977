// A stream of text for the client: whatever the bytes are and however they are cut, nothing is
// lost, and of good text each message is good by itself. The first byte says how the rest is cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "sluice/framing/text_stream.h"

#include "../unit/framing/in_pieces.h"
#include "../unit/websocket/utf8_oracle.h"

namespace {

using sluice::framing::NewTextStreamDecoder;
using sluice::framing::testing::Always;
using sluice::framing::testing::Decode;
using sluice::framing::testing::Messages;
using sluice::framing::testing::NextSize;
using sluice::websocket::testing::JudgeUtf8;

void Require(bool condition) {
  if (!condition) std::abort();
}

bool IsText(std::string_view bytes) {
  const auto verdict = JudgeUtf8(bytes);
  return !verdict.bad_at && verdict.at_boundary;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::minstd_rand random(data[0] + 1u);
  const NextSize sizes[] = {Always(SIZE_MAX), Always(1), [&] { return 1 + random() % 9; }};
  for (const NextSize& next : sizes) {
    const Messages messages = Decode(*NewTextStreamDecoder(), bytes, next);
    std::string joined;
    bool all_good = true;
    for (const auto& [type, payload] : messages.whole) {
      joined += payload;
      all_good = all_good && IsText(payload);
    }
    Require(joined == bytes);
    Require(all_good == IsText(bytes));
  }
  return 0;
}
