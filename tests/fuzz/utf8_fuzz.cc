// The UTF-8 validator against the oracle of tests/unit/websocket/utf8_oracle.h: a byte at a time,
// so that the byte where it fails is compared too, whole, and cut in three.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sluice/base/bytes.h"
#include "sluice/websocket/utf8.h"

#include "../unit/websocket/utf8_oracle.h"

namespace {

using sluice::base::Bytes;
using sluice::websocket::IsUtf8;
using sluice::websocket::Utf8Validator;
using sluice::websocket::testing::JudgeUtf8;
using sluice::websocket::testing::Utf8Verdict;

void Require(bool condition) {
  if (!condition) std::abort();
}

// The length of the prefix that the validator takes.
size_t TakenByteByByte(Bytes text, Utf8Validator& validator) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!validator.Feed(text.subspan(i, 1))) return i;
  }
  return text.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes text(data, size);
  const Utf8Verdict verdict = JudgeUtf8(sluice::base::AsText(text));

  Utf8Validator bytewise;
  Require(TakenByteByByte(text, bytewise) == verdict.bad_at.value_or(size));
  if (!verdict.bad_at) Require(bytewise.AtBoundary() == verdict.at_boundary);
  Require(IsUtf8(text) == (!verdict.bad_at && verdict.at_boundary));

  const size_t a = size != 0 ? data[0] % (size + 1) : 0;
  const size_t b = size != 0 ? a + data[size - 1] % (size - a + 1) : 0;
  Utf8Validator pieces;
  const bool good = pieces.Feed(text.first(a)) && pieces.Feed(text.subspan(a, b - a)) &&
                    pieces.Feed(text.subspan(b));
  Require(good == !verdict.bad_at);
  if (good) Require(pieces.AtBoundary() == verdict.at_boundary);
  return 0;
}
