// Parses request heads in pieces of every size for tests.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/http/request_parser.h"

namespace sluice::http::testing {

inline constexpr HeadLimits kLimits{.request_line = 200, .header = 2000, .header_count = 20};

/// What became of a head, comparable: the outcome of one way of cutting against another's.
struct Outcome {
  size_t consumed = 0;
  bool done = false;
  RequestHead head;
  Refusal refusal{base::Cause::kBadRequest, ""};

  bool operator==(const Outcome&) const = default;
};

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << "consumed " << outcome.consumed << (outcome.done ? " done" : "") << ' '
       << base::ReasonOf(outcome.refusal.cause) << " '" << outcome.refusal.detail << "' target "
       << outcome.head.target << " headers " << outcome.head.headers.size();
}

/// Feeds `text` in pieces of the given sizes, the last one as often as needed.
inline Outcome ParseIn(std::string_view text, const std::vector<size_t>& sizes,
                       const HeadLimits& limits = kLimits) {
  RequestParser parser(limits);
  Outcome outcome;
  for (size_t piece = 0; !text.empty() && !parser.done(); ++piece) {
    const size_t size = std::min(sizes[std::min(piece, sizes.size() - 1)], text.size());
    const auto fed = parser.Feed(base::AsBytes(text.substr(0, size)));
    if (!fed) {
      outcome.refusal = fed.error();
      // The refusal is final: what comes later does not undo it.
      EXPECT_EQ(parser.Feed(base::AsBytes("GET / HTTP/1.1\r\n")).error(), fed.error());
      outcome.consumed = 0;
      EXPECT_FALSE(parser.done());
      return outcome;
    }
    outcome.consumed += *fed;
    text.remove_prefix(size);
  }
  outcome.done = parser.done();
  if (outcome.done) outcome.head = parser.head();
  return outcome;
}

inline Outcome Parse(std::string_view text, const HeadLimits& limits = kLimits) {
  return ParseIn(text, {text.size()}, limits);
}

/// Whole, byte at a time, and cut in two at every place: always the same.
inline Outcome ParseEveryWay(std::string_view text, const HeadLimits& limits = kLimits) {
  const Outcome whole = Parse(text, limits);
  EXPECT_EQ(ParseIn(text, {1}, limits), whole) << "byte at a time";
  for (size_t cut = 1; cut < text.size(); ++cut) {
    EXPECT_EQ(ParseIn(text, {cut, text.size()}, limits), whole) << "cut at " << cut;
  }
  return whole;
}

inline std::string Head(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: example.com\r\n" + std::string(more) +
         "\r\n";
}

}  // namespace sluice::http::testing
