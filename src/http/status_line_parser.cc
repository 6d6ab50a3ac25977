#include "status_line_parser.h"

#include <string_view>

namespace sluice::http {

base::Result<size_t, HeadError> StatusLineParser::Feed(base::Bytes bytes) {
  size_t used = 0;
  for (; used < bytes.size() && !done(); ++used) {
    if (const auto error = ParseByte(bytes[used])) return base::Unexpected(*error);
  }
  return used;
}

std::optional<HeadError> StatusLineParser::ParseByte(uint8_t byte) {
  switch (state_) {
    case State::kVersion:
      return ParseVersion(byte);
    case State::kStatus:
      return ParseStatus(byte);
    case State::kStatusEnd:
      // RFC 9112 section 4 requires the space even before an empty reason; some servers omit both.
      if (byte != ' ' && byte != '\r' && byte != '\n') return HeadError::kInvalidStatus;
      state_ = State::kReason;
      [[fallthrough]];
    case State::kReason:
      if (byte == '\n') return HeadError::kBareLf;
      if (byte == '\r') {
        state_ = State::kLf;
      } else if (!kValueBytes.Contains(byte)) {
        return HeadError::kInvalidReason;
      }
      return std::nullopt;
    case State::kLf:
      if (byte != '\n') return HeadError::kBareCr;
      state_ = State::kDone;
      return std::nullopt;
    case State::kDone:
      break;
  }
  return std::nullopt;
}

std::optional<HeadError> StatusLineParser::ParseVersion(uint8_t byte) {
  constexpr std::string_view kBeginning = "HTTP/1.1 ";
  const size_t at = version_bytes_++;
  if (static_cast<char>(byte) == kBeginning[at]) {
    if (version_bytes_ == kBeginning.size()) state_ = State::kStatus;
    return std::nullopt;
  }
  const bool is_digit_of_version = IsDigit(byte) && IsDigit(static_cast<uint8_t>(kBeginning[at]));
  return is_digit_of_version ? HeadError::kOtherVersion : HeadError::kNoStatusLine;
}

/// Parses a digit of the status. The first one is its class, from 1 (RFC 9110 section 15).
std::optional<HeadError> StatusLineParser::ParseStatus(uint8_t byte) {
  if (!IsDigit(byte) || (status_ == 0 && byte == '0')) return HeadError::kInvalidStatus;
  status_ = status_ * 10 + (byte - '0');
  if (status_ >= 100) state_ = State::kStatusEnd;
  return std::nullopt;
}

}  // namespace sluice::http
