#include "field_parser.h"

namespace sluice::http {
namespace {

// The number of fields to reserve: a browser sends about as many with an upgrade.
constexpr size_t kUsualFields = 16;

// RFC 9110 section 5.6.3.
constexpr bool IsSpaceOrTab(uint8_t byte) {
  return byte == ' ' || byte == '\t';
}

}  // namespace

base::Result<size_t, HeadError> FieldParser::Feed(base::Bytes bytes) {
  size_t used = 0;
  while (used < bytes.size() && !done()) {
    used += AppendToField(bytes.subspan(used));
    if (used == bytes.size()) break;
    if (const auto error = ParseByte(bytes[used])) return base::Unexpected(*error);
    ++used;
  }
  return used;
}

/// Appends the bytes at the front that cannot end the name or the value under way.
size_t FieldParser::AppendToField(base::Bytes bytes) {
  if (state_ == State::kName) return AppendRun(kNameBytes, bytes, fields_.back().name);
  if (state_ == State::kValue) return AppendRun(kValueBytes, bytes, fields_.back().value);
  return 0;
}

std::optional<HeadError> FieldParser::ParseByte(uint8_t byte) {
  switch (state_) {
    case State::kLine:
      return StartLine(byte);
    case State::kName:
      return EndName(byte);
    case State::kValueStart:
      if (IsSpaceOrTab(byte)) return std::nullopt;
      if (!kValueBytes.Contains(byte)) return EndValue(byte);
      fields_.back().value += static_cast<char>(byte);
      state_ = State::kValue;
      return std::nullopt;
    case State::kValue:
      return EndValue(byte);
    case State::kLineLf:
      return ExpectLf(byte, State::kLine);
    case State::kEndLf:
      return ExpectLf(byte, State::kDone);
    case State::kDone:
      break;
  }
  return std::nullopt;
}

std::optional<HeadError> FieldParser::StartLine(uint8_t byte) {
  if (byte == '\r') {
    state_ = State::kEndLf;
    return std::nullopt;
  }
  if (byte == '\n') return HeadError::kBareLf;
  // A folded value (RFC 9112 section 5.2) or, in the first line, section 2.2.
  if (IsSpaceOrTab(byte)) return HeadError::kLeadingSpace;
  if (byte == ':') return HeadError::kEmptyName;
  if (!kNameBytes.Contains(byte)) return HeadError::kInvalidName;
  if (fields_.size() == max_fields_) return HeadError::kTooManyFields;
  if (fields_.empty()) fields_.reserve(kUsualFields);
  fields_.emplace_back().name += static_cast<char>(byte);
  state_ = State::kName;
  return std::nullopt;
}

std::optional<HeadError> FieldParser::EndName(uint8_t byte) {
  if (byte == '\r' || byte == '\n') return HeadError::kNoColon;
  // RFC 9112 section 5.1: a server must refuse this.
  if (IsSpaceOrTab(byte)) return HeadError::kSpaceBeforeColon;
  if (byte != ':') return HeadError::kInvalidName;
  state_ = State::kValueStart;
  return std::nullopt;
}

std::optional<HeadError> FieldParser::EndValue(uint8_t byte) {
  if (byte == '\n') return HeadError::kBareLf;
  if (byte != '\r') return HeadError::kInvalidValue;
  std::string& value = fields_.back().value;
  // The whitespace after a value does not belong to it (RFC 9112 section 5.1).
  while (!value.empty() && IsSpaceOrTab(static_cast<uint8_t>(value.back()))) value.pop_back();
  state_ = State::kLineLf;
  return std::nullopt;
}

std::optional<HeadError> FieldParser::ExpectLf(uint8_t byte, State next) {
  if (byte != '\n') return HeadError::kBareCr;
  state_ = next;
  return std::nullopt;
}

}  // namespace sluice::http
