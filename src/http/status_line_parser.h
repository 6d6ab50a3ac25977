// Parses the status line of a response (RFC 9112 section 4), in pieces of any size.
//
//   kVersion ──► kStatus ──► kStatusEnd ──► kReason ──► kLf ──► kDone
//                               └─────────────────────►
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

#include "head_syntax.h"

namespace sluice::http {

class StatusLineParser {
 public:
  /// Parses `bytes` up to the end of the line and returns how many it consumed. It must not be
  /// called again after an error.
  base::Result<size_t, HeadError> Feed(base::Bytes bytes);

  /// Returns true if the line has been parsed.
  bool done() const { return state_ == State::kDone; }
  /// The status, 100 to 999, complete when done().
  int status() const { return status_; }

 private:
  enum class State : uint8_t {
    kVersion,    // in the version or at the space after it
    kStatus,     // in the three digits of the status
    kStatusEnd,  // after them
    kReason,     // in the reason phrase
    kLf,         // after the CR of the line
    kDone,
  };

  std::optional<HeadError> ParseByte(uint8_t byte);
  std::optional<HeadError> ParseVersion(uint8_t byte);
  std::optional<HeadError> ParseStatus(uint8_t byte);

  State state_ = State::kVersion;
  size_t version_bytes_ = 0;
  int status_ = 0;
};

}  // namespace sluice::http
