// The PROXY header: no input crashes its parser, the outcome does not depend on the cuts, no byte
// is lost or taken twice, and what is read can be written and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "sluice/proxy/header_parser.h"
#include "sluice/proxy/header_writer.h"

namespace {

using sluice::base::Bytes;
using sluice::proxy::Endpoints;
using sluice::proxy::HeaderParser;
using Status = HeaderParser::Status;

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  bool is_error = false;
  Status status = Status::kIncomplete;
  size_t used = 0;
  std::optional<Endpoints> endpoints;
  bool operator==(const Outcome&) const = default;
};

/// Feeds the input in pieces whose sizes follow from `seed`; zero: in one piece.
Outcome Parse(const Bytes input, uint32_t seed) {
  HeaderParser parser;
  Outcome outcome;
  while (outcome.used < input.size() && parser.status() == Status::kIncomplete) {
    seed = seed * 1664525U + 1013904223U * (seed != 0);
    const size_t left = input.size() - outcome.used;
    const size_t size = seed == 0 ? left : std::min<size_t>(1 + (seed >> 28), left);
    const auto used = parser.Feed(input.subspan(outcome.used, size));
    if (!used) return {.is_error = true, .status = {}, .used = 0, .endpoints = {}};
    Require(*used == size || (*used < size && parser.status() != Status::kIncomplete));
    outcome.used += *used;
  }
  outcome.status = parser.status();
  outcome.endpoints = parser.endpoints();
  const Bytes held = parser.held();
  Require(held.empty() || outcome.status == Status::kNone);
  if (outcome.status == Status::kNone) {
    Require(held.size() == outcome.used && std::equal(held.begin(), held.end(), input.begin()));
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  const Outcome whole = Parse(input, 0);
  const uint32_t seed = size < 2 ? 1U : 1U + data[size / 2] * 257U + data[size - 1];
  Require(Parse(input, seed) == whole);
  if (whole.status != Status::kHeader) return 0;
  for (const auto& bytes :
       {sluice::proxy::WriteV1(whole.endpoints), sluice::proxy::WriteV2(whole.endpoints, {})}) {
    const Outcome again = Parse(bytes, seed);
    Require(again.status == Status::kHeader && again.used == bytes.size() &&
            again.endpoints == whole.endpoints);
  }
  return 0;
}
