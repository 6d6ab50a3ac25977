// The frame reader against the plain parser of tests/unit/websocket/reference_parser.h: whole, a
// byte at a time, and in pieces with the payloads moved together; with compression agreed on and
// without. The first byte of an input decides that, and how the rest of it is cut.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "../unit/websocket/reference_parser.h"
#include "../unit/websocket/transcript.h"

namespace {

using sluice::websocket::testing::AgreesWith;
using sluice::websocket::testing::ReadByteByByte;
using sluice::websocket::testing::ReadInPieces;
using sluice::websocket::testing::ReferenceParser;
using sluice::websocket::testing::ToString;
using sluice::websocket::testing::Transcript;

void Require(bool agree, const char* how, const Transcript& told, const Transcript& reference) {
  if (agree) return;
  std::fprintf(stderr, "%s: the reader says\n%s\nbut the reference\n%s\n", how,
               ToString(told).c_str(), ToString(reference).c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::minstd_rand random(data[0] + 1u);
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool compression = data[0] >= 128;
  const Transcript reference = ReferenceParser(wire, compression).Run();

  const Transcript bytewise = ReadByteByByte(wire, compression);
  Require(bytewise == reference, "a byte at a time", bytewise, reference);

  const Transcript whole = ReadInPieces(wire, {}, 0, compression);
  Require(AgreesWith(whole, reference), "whole", whole, reference);

  const size_t most = data[0] % 2 == 0 ? 8 : 300;
  std::vector<size_t> sizes;
  for (size_t sum = 0; sum < wire.size(); sum += sizes.back()) {
    sizes.push_back(1 + random() % most);
  }
  const Transcript pieces = ReadInPieces(wire, sizes, random() % 64, compression);
  Require(AgreesWith(pieces, reference), "in pieces", pieces, reference);
  return 0;
}
