// ResponseParser: no input crashes it, the outcome does not depend on the cuts, and it keeps to its
// limits. CheckAnswer takes whatever it lets pass.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "sluice/http/response_parser.h"
#include "sluice/websocket/client_handshake.h"

namespace {

using sluice::base::Bytes;
using sluice::http::ResponseHead;
using sluice::http::ResponseLimits;
using sluice::http::ResponseParser;

constexpr ResponseLimits kLimits{.header = 1024, .header_count = 16};

struct Outcome {
  size_t consumed = 0;
  std::optional<ResponseHead> head;
  std::string fault;
  bool operator==(const Outcome&) const = default;
};

void Require(bool condition) {
  if (!condition) std::abort();
}

/// Feeds the input in pieces whose sizes follow from `seed`; zero: in one piece.
Outcome Parse(Bytes input, uint32_t seed) {
  ResponseParser parser(kLimits);
  Outcome outcome;
  while (!input.empty() && !parser.done()) {
    seed = seed * 1664525U + 1013904223U * (seed != 0);
    const size_t size = seed == 0 ? input.size() : std::min<size_t>(1 + (seed >> 28), input.size());
    const auto fed = parser.Feed(input.first(size));
    if (!fed) return {.consumed = 0, .head = std::nullopt, .fault = fed.error()};
    Require(*fed == size || (*fed <= size && parser.done()));
    outcome.consumed += *fed;
    input = input.subspan(size);
  }
  if (parser.done()) outcome.head = parser.head();
  return outcome;
}

void CheckHead(const ResponseHead& head) {
  Require(head.status == 101 || head.status >= 200);
  Require(head.headers.size() <= kLimits.header_count);
  const std::string upgrade = head.Joined("Upgrade");
  const std::string connection = head.Joined("Connection");
  const std::string accept = head.Joined("Sec-WebSocket-Accept");
  const std::string protocol = head.Joined("Sec-WebSocket-Protocol");
  const std::string location = head.Joined("Location");
  const auto checked = sluice::websocket::CheckAnswer({.status = head.status,
                                                       .upgrade = upgrade,
                                                       .connection = connection,
                                                       .accept = accept,
                                                       .protocol = protocol,
                                                       .extensions = {},
                                                       .location = location},
                                                      "dGhlIHNhbXBsZSBub25jZQ==", "mqtt");
  Require(checked || std::all_of(checked.error().begin(), checked.error().end(),
                                 [](char c) { return c >= 0x20 && c <= 0x7e; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  const Outcome whole = Parse(input, 0);
  const uint32_t seed = size < 2 ? 1U : 1U + data[size / 2] * 257U + data[size - 1];
  Require(Parse(input, seed) == whole);
  Require(whole.consumed <= kLimits.header);
  if (whole.head) CheckHead(*whole.head);
  return 0;
}
