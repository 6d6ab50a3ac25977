// RequestParser: no input crashes it, the outcome does not depend on the cuts, and what it lets
// pass holds what request.h promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "sluice/http/request_parser.h"
#include "sluice/http/response.h"

namespace {

using sluice::base::Bytes;
using sluice::http::HeadLimits;
using sluice::http::Refusal;
using sluice::http::RequestHead;
using sluice::http::RequestParser;

constexpr HeadLimits kLimits{.request_line = 256, .header = 2048, .header_count = 16};

struct Outcome {
  size_t consumed = 0;
  std::optional<RequestHead> head;
  std::optional<Refusal> refusal;
  bool operator==(const Outcome&) const = default;
};

void Require(bool condition) {
  if (!condition) std::abort();
}

/// Feeds the input in pieces whose sizes follow from `seed`; zero: in one piece.
Outcome Parse(Bytes input, uint32_t seed) {
  RequestParser parser(kLimits);
  Outcome outcome;
  while (!input.empty() && !parser.done()) {
    seed = seed * 1664525U + 1013904223U * (seed != 0);
    const size_t size = seed == 0 ? input.size() : std::min<size_t>(1 + (seed >> 28), input.size());
    const auto fed = parser.Feed(input.first(size));
    if (!fed) return {.consumed = 0, .head = std::nullopt, .refusal = fed.error()};
    Require(*fed == size || (*fed <= size && parser.done()));
    outcome.consumed += *fed;
    input = input.subspan(size);
  }
  if (parser.done()) outcome.head = parser.head();
  return outcome;
}

bool IsText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

void CheckHead(const RequestHead& head) {
  Require(head.method == "GET" || (head.method == "HEAD" && !head.WantsUpgrade()));
  Require(IsText(head.target) && IsText(head.host) && !head.host.empty());
  Require(head.path.starts_with('/') && head.Count("host") == 1);
  Require(head.headers.size() <= kLimits.header_count &&
          head.target.size() <= kLimits.request_line);
  for (const auto& [name, value] : head.headers) {
    Require(!name.empty() && IsText(name) && value.find_first_of("\r\n") == std::string_view::npos);
  }
  Require(!head.WantsUpgrade() || head.Count("transfer-encoding") == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  const Outcome whole = Parse(input, 0);
  const uint32_t seed = size < 2 ? 1U : 1U + data[size / 2] * 257U + data[size - 1];
  Require(Parse(input, seed) == whole);
  Require(whole.consumed <= kLimits.header);
  if (whole.head) CheckHead(*whole.head);
  if (whole.refusal) {
    Require(IsText(whole.refusal->detail));
    Require(sluice::http::RefusalResponse(*whole.refusal).ends_with(whole.refusal->detail + "\n"));
  }
  return 0;
}
